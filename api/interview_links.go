package api

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/interview"
)

type listLinksIn struct {
	ID  string `path:"id"`
	All bool   `query:"all"` // also those that open nothing any more
}

func (s *Server) listLinks(ctx context.Context, r request[listLinksIn]) ([]sessionRow, error) {
	links, err := s.services.Hiring.Links(ctx, r.Actor, interview.ID(r.In.ID), r.In.All)
	return mapped(links, sessionOf), err
}

type issueLinkIn struct {
	ID        string     `path:"id"`
	ExpiresAt *time.Time `json:"expiresAt"`
}

// issuedLink has the fields of the seed and of the original (contract section 11, D9).
type issuedLink struct {
	Token        string  `json:"token"`
	ExpiresAt    instant `json:"expiresAt"`
	SessionID    string  `json:"sessionId"`
	InterviewURL string  `json:"interviewUrl"`
}

func (s *Server) issueLink(ctx context.Context, r request[issueLinkIn]) (issuedLink, error) {
	link, url, err := s.services.Hiring.IssueLink(ctx, r.Actor, interview.ID(r.In.ID), r.In.ExpiresAt)
	return issuedLink{link.Token, instant(link.ExpiresAt), link.ID, url}, err
}

type revokeLinkIn struct {
	ID        string `path:"id"`
	SessionID string `path:"sessionId"`
}

func (s *Server) revokeLink(ctx context.Context, r request[revokeLinkIn]) (okBody, error) {
	return okBody{true}, s.services.Hiring.RevokeLink(ctx, r.Actor, interview.ID(r.In.ID), r.In.SessionID)
}

type revokedLinks struct {
	okBody

	Revoked int `json:"revoked"`
}

func (s *Server) revokeLinks(ctx context.Context, r request[idIn]) (revokedLinks, error) {
	n, err := s.services.Hiring.RevokeLinks(ctx, r.Actor, interview.ID(r.In.ID))
	return revokedLinks{okBody{true}, n}, err
}
