package live

import (
	"context"

	"github.com/rune-authz/rune/host"
	"github.com/rune-authz/rune/server/problem"
)

// Update changes facts as [host.Engine.Update] does, and keeps the transaction for later generations. Where ifRevision isn't "", it must
// be the current one.
func (s *Store) Update(ctx context.Context, dst, request []byte, ifRevision string, c *host.Call) ([]byte, error) {
	if err := enter(ctx, s.writer); err != nil {
		return dst, err
	}
	defer leave(s.writer)
	e := s.Current().Engine
	if current := e.Revision(); ifRevision != "" && ifRevision != current {
		return dst, &host.Error{Code: problem.CodeRevision, Message: "the current revision is " + current}
	}
	if err := s.posted.room(request); err != nil {
		return dst, err
	}
	out, err := e.Update(ctx, dst, request, c)
	if err == nil {
		s.posted.add(request)
	}
	return out, err
}
