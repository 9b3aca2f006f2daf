package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// Rows are their owner's and administrators'; for everybody else with a session they
// are not found (contract section 2.4).
func (s *Server) interviewRoutes() []declared {
	read, write := accessSession.scope("interviews:read").orDeveloper(), accessSession.scope("interviews:write").orDeveloper()
	return []declared{
		route(http.MethodGet, "/interviews", read, http.StatusOK, "List the caller's interviews", s.listInterviews),
		route(http.MethodPost, "/interviews", accessRecruiter.scope("interviews:write").orDeveloper(), http.StatusCreated, "Create an interview with its first link", s.createInterview),
		route(http.MethodGet, "/interviews/mine", accessCandidate, http.StatusOK, "List the interviews the caller is invited to", s.listMyInterviews),
		route(http.MethodGet, "/interviews/:id", read, http.StatusOK, "Read an interview with its job, transcript and links", s.getInterview),
		route(http.MethodPatch, "/interviews/:id", write, http.StatusOK, "Change an interview before its start", s.patchInterview),
		route(http.MethodDelete, "/interviews/:id", write, http.StatusOK, "Delete an interview with all that hangs on it", s.deleteInterview),
		route(http.MethodGet, "/interviews/:id/transcript", read, http.StatusOK, "Read what was said", s.getTranscript),
		route(http.MethodPatch, "/interviews/:id/status", write, http.StatusOK, "Move an interview on", s.setInterviewStatus),
		route(http.MethodGet, "/interviews/:id/sessions", write, http.StatusOK, "List the links to an interview", s.listLinks),
		route(http.MethodPost, "/interviews/:id/sessions", write, http.StatusCreated, "Issue a further link", s.issueLink),
		route(http.MethodDelete, "/interviews/:id/sessions", write, http.StatusOK, "Revoke all links", s.revokeLinks),
		route(http.MethodDelete, "/interviews/:id/sessions/:sessionId", write, http.StatusOK, "Revoke a link", s.revokeLink),
		route(http.MethodGet, "/interviews/:id/plan", read, http.StatusOK, "Read an interview's question plan", s.getInterviewPlan),
		route(http.MethodPut, "/interviews/:id/plan", write, http.StatusOK, "Set an interview's question plan before its start", s.putInterviewPlan),
	}
}

type listInterviewsIn struct {
	paging

	Status interview.Status `query:"status" enum:"PENDING,IN_PROGRESS,COMPLETED,EXPIRED"`
}

func (s *Server) listInterviews(ctx context.Context, r request[listInterviewsIn]) (pageBody[listedInterview], error) {
	q := r.In.query()
	page, err := s.services.Hiring.List(ctx, r.Actor, r.In.Status, q)
	return pageOf(q, page, func(l hiring.ListedInterview) listedInterview {
		row := listedInterviewOf(l)
		row.interviewRow = row.withoutLink(r.Actor)
		return row
	}), err
}

func (s *Server) listMyInterviews(ctx context.Context, r request[listInterviewsIn]) (pageBody[listedInterview], error) {
	q := r.In.query()
	page, err := s.services.Hiring.Mine(ctx, r.Actor, r.In.Status, q)
	return pageOf(q, page, listedInterviewOf), err
}

// Bounds of the texts about a candidate. The contract names only those of the notes
// that the candidate writes.
type createInterviewIn struct {
	CandidateEmail        string                `json:"candidateEmail" format:"email"`
	JobRole               string                `json:"jobRole" minLength:"1" maxLength:"200"`
	CandidateName         *string               `json:"candidateName" maxLength:"200"`
	CandidateNotes        *string               `json:"candidateNotes" maxLength:"5000"`
	CandidatePhone        *string               `json:"candidatePhone" maxLength:"40"`
	CandidateResumeFileID *string               `json:"candidateResumeFileId" format:"uuid"`
	JobID                 *string               `json:"jobId" format:"uuid"`
	Type                  *interview.Mode       `json:"type" enum:"TEXT,VOICE"`
	TimeLimitMinutes      *int                  `json:"timeLimitMinutes" minimum:"5" maximum:"120"`
	ExpiresAt             *time.Time            `json:"expiresAt"`
	ConsentPolicy         *hiring.ConsentPolicy `json:"consentPolicy" enum:"required,implied"`
	Plan                  *json.RawMessage      `json:"plan"`
}

func (s *Server) createInterview(ctx context.Context, r request[createInterviewIn]) (createdInterview, error) {
	in := r.In
	row, link, err := s.services.Hiring.Create(ctx, r.Actor, hiring.NewInterview{
		CandidateEmail: in.CandidateEmail, JobRole: in.JobRole, CandidateName: in.CandidateName, CandidateNotes: in.CandidateNotes,
		CandidatePhone: in.CandidatePhone, CandidateResumeFileID: in.CandidateResumeFileID, JobID: in.JobID, Type: orZero(in.Type),
		TimeLimitMinutes: orZero(in.TimeLimitMinutes), ExpiresAt: in.ExpiresAt, Consent: orZero(in.ConsentPolicy), Plan: orZero(in.Plan),
	})
	return createdInterview{rowOf(row), []sessionRow{sessionOf(link)}}, err
}

// orZero is the value of an optional field.
func orZero[T any](v *T) T {
	if v == nil {
		var none T
		return none
	}
	return *v
}

func (s *Server) getInterview(ctx context.Context, r request[idIn]) (interviewDetail, error) {
	detail, err := s.services.Hiring.Detail(ctx, r.Actor, interview.ID(r.In.ID))
	row := interviewDetailOf(detail)
	if row.interviewRow = row.withoutLink(r.Actor); !may(r.Actor, scopeWriteInterviews) {
		row.Sessions = []sessionRow{}
	}
	return row, err
}

type patchInterviewIn struct {
	ID               string  `path:"id"`
	CandidateName    *string `json:"candidateName" maxLength:"200"`
	CandidateNotes   *string `json:"candidateNotes" maxLength:"5000"`
	TimeLimitMinutes *int    `json:"timeLimitMinutes" minimum:"5" maximum:"120"`
}

func (s *Server) patchInterview(ctx context.Context, r request[patchInterviewIn]) (interviewRow, error) {
	row, err := s.services.Hiring.Change(ctx, r.Actor, interview.ID(r.In.ID), hiring.InterviewChange{
		CandidateName: r.In.CandidateName, CandidateNotes: r.In.CandidateNotes, TimeLimitMinutes: r.In.TimeLimitMinutes,
	}, r.IfMatch)
	return rowOf(row), err
}

func (s *Server) deleteInterview(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Hiring.Delete(ctx, r.Actor, interview.ID(r.In.ID), r.IfMatch)
}

func (s *Server) getTranscript(ctx context.Context, r request[idIn]) ([]messageRow, error) {
	lines, err := s.services.Hiring.Transcript(ctx, r.Actor, interview.ID(r.In.ID))
	return mapped(lines, messageOf), err
}

type interviewStatusIn struct {
	ID     string           `path:"id"`
	Status interview.Status `json:"status" enum:"PENDING,IN_PROGRESS,COMPLETED,EXPIRED" fault:"Invalid status"`
}

func (s *Server) setInterviewStatus(ctx context.Context, r request[interviewStatusIn]) (interviewRow, error) {
	row, err := s.services.Hiring.SetStatus(ctx, r.Actor, interview.ID(r.In.ID), r.In.Status, r.IfMatch)
	return rowOf(row), err
}
