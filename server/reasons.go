package server

import "encoding/json"

// reasonIDs are the ids of a reply's reasons.
func reasonIDs(reply []byte) []string {
	var r struct {
		Reasons []struct{ ID string }
		Context struct{ Reasons []struct{ ID string } } // as AuthZEN has them
	}
	_ = json.Unmarshal(reply, &r) // the engine wrote it
	ids := []string{}
	for _, x := range append(r.Reasons, r.Context.Reasons...) {
		ids = append(ids, x.ID)
	}
	return ids
}
