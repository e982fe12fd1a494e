package token

import (
	"slices"
	"strings"
	"time"
)

// Claims are what a token that is to be trusted says.
type Claims struct {
	Subject string
	// Scopes are the names in the claim for scopes. HasScopes tells a token that says none from one without that claim.
	Scopes    []string
	HasScopes bool
	Expires   time.Time // with the leeway
	// Context is all claims as a JSON object, in the form that the engine takes context in.
	Context []byte
}

// Rules are what a token has to say.
type Rules struct {
	Issuer     string
	Audience   []string // the token's is one of them
	Algorithms []string
	Leeway     time.Duration
	ScopeClaim string
}

// claimSet is what is read of a token's payload.
type claimSet struct {
	issuer, subject        string
	audience               []string
	expires, begins, since float64 // begins and since are 0 where there are none
	has                    map[string]bool
}

// readClaims reads and checks a payload whose signature was right.
func (r *Rules) readClaims(payload []byte, now time.Time) (*Claims, *Error) {
	members, ok := readMembers(payload)
	if !ok {
		return nil, &Error{CodeMalformed, "the token's payload isn't a JSON object whose names are unique"}
	}
	claims := &Claims{Context: contextOf(members)}
	set := claimSet{has: map[string]bool{}}
	for _, m := range members {
		if !set.read(m) || m.name == r.ScopeClaim && !claims.readScopes(m) {
			return nil, &Error{CodeClaims, "the claim " + m.name + " of the token isn't of its type"}
		}
	}
	if err := r.check(&set, now); err != nil {
		return nil, err
	}
	claims.Subject = set.subject
	claims.Expires = instant(set.expires).Add(r.Leeway)
	return claims, nil
}

// read takes a registered claim, and reports whether it is of its type. All others may be anything.
func (s *claimSet) read(m member) (ok bool) {
	switch m.name {
	case "iss":
		s.issuer, ok = m.text()
	case "sub":
		s.subject, ok = m.text()
	case "aud":
		if s.audience, ok = m.texts(); !ok {
			s.audience = make([]string, 1)
			s.audience[0], ok = m.text()
		}
	case "exp":
		s.expires, ok = m.seconds()
	case "nbf":
		s.begins, ok = m.seconds()
	case "iat":
		s.since, ok = m.seconds()
	default:
		return true
	}
	s.has[m.name] = true
	return ok
}

// readScopes reads a list of names, or a text with blanks between them.
func (c *Claims) readScopes(m member) (ok bool) {
	c.HasScopes = true
	if c.Scopes, ok = m.texts(); ok {
		return true
	}
	text, ok := m.text()
	c.Scopes = strings.Fields(text)
	return ok
}

// check compares what a token says with what it has to say.
func (r *Rules) check(s *claimSet, now time.Time) *Error {
	for _, name := range []string{"iss", "aud", "exp", "sub"} {
		if !s.has[name] {
			return &Error{CodeClaims, "the token has no claim " + name}
		}
	}
	switch {
	case s.subject == "":
		return &Error{CodeClaims, "the token's subject is empty"}
	case s.issuer != r.Issuer:
		return &Error{CodeIssuer, "the token is of another issuer"}
	case !slices.ContainsFunc(s.audience, func(a string) bool { return slices.Contains(r.Audience, a) }):
		return &Error{CodeAudience, "the token is for another audience"}
	case !now.Before(instant(s.expires).Add(r.Leeway)):
		return &Error{CodeExpired, "the token has expired"}
	case now.Add(r.Leeway).Before(instant(s.begins)):
		return &Error{CodeNotYetValid, "the token isn't valid yet"}
	case now.Add(r.Leeway).Before(instant(s.since)):
		return &Error{CodeNotYetValid, "the token is issued in the future"}
	}
	return nil
}

// instant is a number of seconds since 1970, at most [latest], as a time.
func instant(seconds float64) time.Time {
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9))
}
