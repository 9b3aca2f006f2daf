package api

import (
	"context"
	"net/http"

	"github.com/vantahire/vantahire/interview"
)

// The candidate's side of an interview (contract section 2.5). The link says which
// interview it is.
func (s *Server) candidateRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/interviews/candidate/current", accessLink, http.StatusOK, "Read the interview of the link", s.currentInterview),
		route(http.MethodPost, "/interviews/candidate/start", accessLink, http.StatusOK, "Begin the interview", s.startInterview),
		route(http.MethodPost, "/interviews/candidate/message", accessLink, http.StatusOK, "Answer in writing", s.writeMessage),
		route(http.MethodPost, "/interviews/candidate/complete", accessLink, http.StatusOK, "End the interview", s.completeInterview),
		route(http.MethodGet, "/interviews/candidate/messages", accessLink, http.StatusOK, "Read what was said", s.candidateMessages),
		route(http.MethodPost, "/interviews/candidate/messages", accessLink, http.StatusCreated, "Store a line the page has heard", s.addCandidateMessage),
		route(http.MethodPatch, "/interviews/candidate/notes", accessLink, http.StatusOK, "Write notes for the hiring team", s.writeCandidateNotes),
	}
}

// candidateView is what a candidate sees of an interview.
type candidateView struct {
	ID               interview.ID     `json:"id"`
	JobRole          string           `json:"jobRole"`
	Type             interview.Mode   `json:"type" enum:"TEXT,VOICE"`
	TimeLimitMinutes int              `json:"timeLimitMinutes"`
	Status           interview.Status `json:"status" enum:"PENDING,IN_PROGRESS,COMPLETED,EXPIRED"`
	StartedAt        *instant         `json:"startedAt"`
}

func (s *Server) currentInterview(_ context.Context, r request[struct{}]) (candidateView, error) {
	i := r.Actor.Link.Interview
	return candidateView{i.ID, i.JobRole, i.Type, i.TimeLimitMinutes, i.Status, instantOf(i.StartedAt)}, nil
}

type startedBody struct {
	Status    interview.Status `json:"status"`
	StartedAt *instant         `json:"startedAt"`
}

func (s *Server) startInterview(ctx context.Context, r request[struct{}]) (startedBody, error) {
	row, err := s.services.Hiring.Start(ctx, *r.Actor.Link)
	return startedBody{row.Status, instantOf(row.StartedAt)}, err
}

type completedBody struct {
	Status      interview.Status `json:"status"`
	CompletedAt *instant         `json:"completedAt"`
	Message     string           `json:"message"`
}

func (s *Server) completeInterview(ctx context.Context, r request[struct{}]) (completedBody, error) {
	row, err := s.services.Hiring.Complete(ctx, *r.Actor.Link)
	return completedBody{row.Status, instantOf(row.CompletedAt), "Interview completed. Thank you for your time."}, err
}

func (s *Server) candidateMessages(ctx context.Context, r request[struct{}]) ([]messageRow, error) {
	lines, err := s.services.Hiring.Lines(ctx, r.Actor.Link.Interview.ID)
	return mapped(lines, messageOf), err
}

type candidateLineIn struct {
	Role    interview.Role `json:"role" enum:"user,assistant"`
	Content string         `json:"content" minLength:"1" maxLength:"10000"`
}

func (s *Server) addCandidateMessage(ctx context.Context, r request[candidateLineIn]) (messageRow, error) {
	line, err := s.services.Hiring.AddLine(ctx, *r.Actor.Link, r.In.Role, r.In.Content)
	return messageOf(line), err
}

type candidateNotesIn struct {
	Notes string `json:"notes" maxLength:"5000"`
}

func (s *Server) writeCandidateNotes(ctx context.Context, r request[candidateNotesIn]) (okBody, error) {
	return okBody{true}, s.services.Hiring.WriteNotes(ctx, *r.Actor.Link, r.In.Notes)
}
