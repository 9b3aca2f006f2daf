package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) applicationRoutes() []declared {
	read, write := accessRecruiter.scope("applications:read"), accessRecruiter.scope("applications:write")
	return []declared{
		route(http.MethodGet, "/applications", read, http.StatusOK, "List the applications for the caller's jobs", s.listApplications),
		route(http.MethodPost, "/applications", accessCandidate, http.StatusCreated, "Apply for a job", s.apply),
		route(http.MethodGet, "/applications/mine", accessCandidate, http.StatusOK, "List the caller's applications", s.myApplications),
		route(http.MethodGet, "/applications/mine/:id", accessCandidate, http.StatusOK, "Read one of them", s.myApplication),
		route(http.MethodPatch, "/applications/mine/:id", accessCandidate, http.StatusOK, "Change what one says", s.editApplication),
		route(http.MethodDelete, "/applications/mine/:id", accessCandidate, http.StatusOK, "Withdraw one", s.withdrawApplication),
		route(http.MethodGet, "/applications/admin/all", accessAdmin, http.StatusOK, "List everybody's applications", s.allApplications),
		route(http.MethodGet, "/applications/job/:jobId", read, http.StatusOK, "List a job's applications", s.jobApplications),
		route(http.MethodGet, "/applications/:id", read, http.StatusOK, "Read an application", s.getApplication),
		route(http.MethodPatch, "/applications/:id", write, http.StatusOK, "Move an application on and write notes", s.reviewApplication),
		route(http.MethodPatch, "/applications/:id/status", write, http.StatusOK, "Move an application on", s.setApplicationStatus),
		route(http.MethodPatch, "/applications/:id/notes", write, http.StatusOK, "Write notes about an application", s.setApplicationNotes),
	}
}

type listApplicationsIn struct {
	paging

	Status hiring.ApplicationStatus `query:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
	JobID  string                   `query:"jobId"`
}

func (s *Server) listApplications(ctx context.Context, r request[listApplicationsIn]) (pageBody[receivedApplicationRow], error) {
	q := r.In.query()
	page, err := s.services.Applications.List(ctx, r.Actor, hiring.ApplicationFilter{Status: r.In.Status, JobID: r.In.JobID}, q)
	return pageOf(q, page, receivedApplicationRowOf), err
}

func (s *Server) allApplications(ctx context.Context, r request[listApplicationsIn]) (pageBody[adminApplicationRow], error) {
	q := r.In.query()
	page, err := s.services.Applications.All(ctx, hiring.ApplicationFilter{Status: r.In.Status, JobID: r.In.JobID}, q)
	return pageOf(q, page, adminApplicationRowOf), err
}

type jobApplicationsIn struct {
	paging

	JobID  string                   `path:"jobId"`
	Status hiring.ApplicationStatus `query:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
}

func (s *Server) jobApplications(ctx context.Context, r request[jobApplicationsIn]) (pageBody[receivedApplicationRow], error) {
	q := r.In.query()
	page, err := s.services.Applications.OfJob(ctx, r.Actor, s.services.Jobs, r.In.JobID, r.In.Status, q)
	return pageOf(q, page, receivedApplicationRowOf), err
}

type applyIn struct {
	JobID        string           `json:"jobId" format:"uuid"`
	CoverLetter  Nullable[string] `json:"coverLetter" maxLength:"5000"`
	Notes        Nullable[string] `json:"notes" maxLength:"2000"`
	ResumeFileID Nullable[string] `json:"resumeFileId" format:"uuid"`
}

type applyForJobIn struct {
	ID           string           `path:"id"`
	CoverLetter  Nullable[string] `json:"coverLetter" maxLength:"5000"`
	Notes        Nullable[string] `json:"notes" maxLength:"2000"`
	ResumeFileID Nullable[string] `json:"resumeFileId" format:"uuid"`
}

type appliedRow struct {
	applicationRow

	Job jobTitle `json:"job"`
}

func (s *Server) apply(ctx context.Context, r request[applyIn]) (appliedRow, error) {
	in := r.In
	return s.applied(ctx, r.Actor, hiring.NewApplication{JobID: in.JobID, CoverLetter: in.CoverLetter.Value, Notes: in.Notes.Value, ResumeFileID: in.ResumeFileID.Value})
}

func (s *Server) applyForJob(ctx context.Context, r request[applyForJobIn]) (appliedRow, error) {
	in := r.In
	return s.applied(ctx, r.Actor, hiring.NewApplication{JobID: in.ID, CoverLetter: in.CoverLetter.Value, Notes: in.Notes.Value, ResumeFileID: in.ResumeFileID.Value})
}

func (s *Server) applied(ctx context.Context, actor hiring.Actor, n hiring.NewApplication) (appliedRow, error) {
	row, job, err := s.services.Applications.Apply(ctx, actor, n)
	return appliedRow{applicationRowOf(row), jobTitle{job.ID, job.Title}}, err
}

type myApplicationsIn struct {
	paging

	Status hiring.ApplicationStatus `query:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
}

func (s *Server) myApplications(ctx context.Context, r request[myApplicationsIn]) (pageBody[myApplicationRow], error) {
	q := r.In.query()
	page, err := s.services.Applications.Mine(ctx, r.Actor, r.In.Status, q)
	return pageOf(q, page, myApplicationRowOf), err
}

func (s *Server) myApplication(ctx context.Context, r request[idIn]) (myApplicationDetail, error) {
	row, err := s.services.Applications.MineOne(ctx, r.Actor, r.In.ID)
	return myApplicationDetailOf(row), err
}

type editApplicationIn struct {
	ID          string           `path:"id"`
	CoverLetter Nullable[string] `json:"coverLetter" maxLength:"5000"`
	Notes       Nullable[string] `json:"notes" maxLength:"2000"`
}

func (s *Server) editApplication(ctx context.Context, r request[editApplicationIn]) (applicationRow, error) {
	row, err := s.services.Applications.Edit(ctx, r.Actor, r.In.ID, r.In.CoverLetter.given(), r.In.Notes.given(), r.IfMatch)
	return applicationRowOf(row), err
}

func (s *Server) withdrawApplication(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Applications.Withdraw(ctx, r.Actor, r.In.ID, r.IfMatch)
}

func (s *Server) getApplication(ctx context.Context, r request[idIn]) (applicationDetail, error) {
	row, err := s.services.Applications.Get(ctx, r.Actor, r.In.ID)
	return applicationDetailOf(row), err
}

type reviewIn struct {
	ID     string                    `path:"id"`
	Status *hiring.ApplicationStatus `json:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
	Notes  Nullable[string]          `json:"notes" maxLength:"10000"`
}

func (s *Server) reviewApplication(ctx context.Context, r request[reviewIn]) (applicationRow, error) {
	row, err := s.services.Applications.Review(ctx, r.Actor, r.In.ID, hiring.Review{Status: r.In.Status, Notes: r.In.Notes.given()}, r.IfMatch)
	return applicationRowOf(row), err
}

type applicationStatusIn struct {
	ID     string                   `path:"id"`
	Status hiring.ApplicationStatus `json:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
}

func (s *Server) setApplicationStatus(ctx context.Context, r request[applicationStatusIn]) (applicationRow, error) {
	row, err := s.services.Applications.Review(ctx, r.Actor, r.In.ID, hiring.Review{Status: &r.In.Status}, r.IfMatch)
	return applicationRowOf(row), err
}

type applicationNotesIn struct {
	ID    string `path:"id"`
	Notes string `json:"notes" maxLength:"10000" fault:"Notes must be a string"`
}

func (s *Server) setApplicationNotes(ctx context.Context, r request[applicationNotesIn]) (applicationRow, error) {
	notes := &r.In.Notes
	row, err := s.services.Applications.Review(ctx, r.Actor, r.In.ID, hiring.Review{Notes: &notes}, r.IfMatch)
	return applicationRowOf(row), err
}

// applicationRow is the contract's ApplicationRow (section 2.0).
type applicationRow struct {
	ID           string                   `json:"id"`
	JobID        string                   `json:"jobId"`
	CandidateID  string                   `json:"candidateId"`
	CoverLetter  *string                  `json:"coverLetter"`
	ResumeFileID *string                  `json:"resumeFileId"`
	Notes        *string                  `json:"notes"`
	Status       hiring.ApplicationStatus `json:"status" enum:"PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED"`
	ReviewedAt   *instant                 `json:"reviewedAt"`
	AppliedAt    instant                  `json:"appliedAt"`
	UpdatedAt    instant                  `json:"updatedAt"`
}

func (r applicationRow) version() time.Time { return time.Time(r.UpdatedAt) }

func applicationRowOf(a hiring.Application) applicationRow {
	return applicationRow{
		a.ID, a.JobID, a.CandidateID, a.CoverLetter, a.ResumeFileID, a.Notes, a.Status, instantOf(a.ReviewedAt), instant(a.AppliedAt), instant(a.UpdatedAt),
	}
}
