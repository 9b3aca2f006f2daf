package api

import (
	"context"
	"net/http"
	"slices"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// admits refuses changes while the product is maintained (contract section 2.11).
// Administrators may make them, and interviews that run go on: one that has just
// ended still stores its last lines and files.
func (s *Server) admits(r *http.Request, rule access, actor hiring.Actor) error {
	if rule.maintained || r.Method == http.MethodGet || r.Method == http.MethodHead || s.services.Admin == nil {
		return nil
	}
	if l := actor.Link; l != nil && slices.Contains([]interview.Status{interview.StatusInProgress, interview.StatusCompleted}, l.Interview.Status) {
		return nil
	}
	return s.services.Admin.Admits(r.Context(), actor)
}

// admitsCall refuses to begin an interview by voice while the product is maintained:
// opening the socket is what starts it, though its method is GET. A candidate who
// was let in before comes back.
func (s *Server) admitsCall(ctx context.Context, row hiring.Interview, known standing) error {
	if known.in || row.Status != interview.StatusPending || s.services.Admin == nil {
		return nil
	}
	return s.services.Admin.Admits(ctx, hiring.Actor{})
}
