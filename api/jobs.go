package api

import (
	"context"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) jobRoutes() []declared {
	read, write := accessSession.scope("jobs:read"), accessRecruiter.scope("jobs:write")
	return []declared{
		route(http.MethodGet, "/jobs", read, http.StatusOK, "List the caller's jobs", s.listJobs),
		route(http.MethodPost, "/jobs", write, http.StatusCreated, "Create a job as a draft", s.createJob),
		route(http.MethodGet, "/jobs/public", accessPublic, http.StatusOK, "List the jobs that take applications", s.publicJobs),
		route(http.MethodGet, "/jobs/public/:id", accessPublic, http.StatusOK, "Read one of them", s.publicJob),
		route(http.MethodGet, "/jobs/admin/pending", accessAdmin, http.StatusOK, "List the jobs that wait for approval, oldest first", s.pendingJobs),
		route(http.MethodPost, "/jobs/admin/:id/approve", accessAdmin, http.StatusOK, "Approve a job", s.approveJob),
		route(http.MethodPost, "/jobs/admin/:id/reject", accessAdmin, http.StatusOK, "Reject a job", s.rejectJob),
		route(http.MethodGet, "/jobs/:id", read, http.StatusOK, "Read a job with its newest interviews and applications", s.getJob),
		route(http.MethodPatch, "/jobs/:id", write, http.StatusOK, "Change what is written about a job", s.patchJob),
		route(http.MethodDelete, "/jobs/:id", write, http.StatusOK, "Delete a job with its applications", s.deleteJob),
		route(http.MethodPost, "/jobs/:id/status", write, http.StatusOK, "Move a job on", s.setJobStatus),
		route(http.MethodPost, "/jobs/:id/publish", write, http.StatusOK, "Publish an approved job", s.publishJob),
		route(http.MethodPost, "/jobs/:id/applications", accessCandidate, http.StatusCreated, "Apply for a job", s.applyForJob),
	}
}

// jobRow is the contract's JobRow (section 2.0).
type jobRow struct {
	ID              string           `json:"id"`
	RecruiterID     string           `json:"recruiterId"`
	Title           string           `json:"title"`
	Description     *string          `json:"description"`
	Department      *string          `json:"department"`
	Location        *string          `json:"location"`
	JobType         *string          `json:"jobType"`
	SalaryRange     *string          `json:"salaryRange"`
	Status          hiring.JobStatus `json:"status" enum:"DRAFT,ACTIVE,CLOSED"`
	ApprovalStatus  hiring.Approval  `json:"approvalStatus" enum:"PENDING,APPROVED,REJECTED"`
	ApprovedAt      *instant         `json:"approvedAt"`
	ApprovedBy      *string          `json:"approvedBy"`
	RejectionReason *string          `json:"rejectionReason"`
	CreatedAt       instant          `json:"createdAt"`
	UpdatedAt       instant          `json:"updatedAt"`
}

func (r jobRow) version() time.Time { return time.Time(r.UpdatedAt) }

func jobRowOf(j hiring.Job) jobRow {
	return jobRow{
		ID: j.ID, RecruiterID: j.RecruiterID, Title: j.Title, Description: j.Description, Department: j.Department, Location: j.Location,
		JobType: j.JobType, SalaryRange: j.SalaryRange, Status: j.Status, ApprovalStatus: j.ApprovalStatus, ApprovedAt: instantOf(j.ApprovedAt),
		ApprovedBy: j.ApprovedBy, RejectionReason: j.RejectionReason, CreatedAt: instant(j.CreatedAt), UpdatedAt: instant(j.UpdatedAt),
	}
}

type jobCounts struct {
	Interviews   int `json:"interviews"`
	Applications int `json:"applications"`
}

type ownJobRow struct {
	jobRow

	Count jobCounts `json:"_count"`
}

type recruiterRef struct {
	ID       string  `json:"id"`
	Email    string  `json:"email"`
	FullName *string `json:"fullName"`
}

// adminJobRow is a job as administrators list them.
type adminJobRow struct {
	ownJobRow

	Recruiter recruiterRef `json:"recruiter"`
}

func adminJobRowOf(j hiring.ListedJob) adminJobRow {
	return adminJobRow{ownJobRowOf(j), recruiterRef{j.RecruiterID, j.RecruiterEmail, j.RecruiterName}}
}

func ownJobRowOf(j hiring.ListedJob) ownJobRow {
	return ownJobRow{jobRowOf(j.Job), jobCounts{j.Interviews, j.Applications}}
}

// publicJobRow is a job as anybody sees it.
type publicJobRow struct {
	jobRow

	Recruiter publicRecruiter `json:"recruiter"`
}

type publicRecruiter struct {
	RecruiterProfile *publicProfile `json:"recruiterProfile"`
}

type publicProfile struct {
	CompanyName *string `json:"companyName"`
	LogoFileID  *string `json:"logoFileId"`
}

func publicJobRowOf(j hiring.ListedJob) publicJobRow {
	row := publicJobRow{jobRow: jobRowOf(j.Job)}
	if j.HasProfile {
		row.Recruiter.RecruiterProfile = &publicProfile{j.CompanyName, j.LogoFileID}
	}
	return row
}

type listJobsIn struct {
	paging

	Status hiring.JobStatus `query:"status" enum:"DRAFT,ACTIVE,CLOSED"`
}

func (s *Server) listJobs(ctx context.Context, r request[listJobsIn]) (pageBody[ownJobRow], error) {
	q := r.In.query()
	page, err := s.services.Jobs.List(ctx, r.Actor, r.In.Status, q)
	return pageOf(q, page, ownJobRowOf), err
}

// Bounds of the texts about a job. The contract names only the title's.
type createJobIn struct {
	Title       string  `json:"title" minLength:"1" maxLength:"200"`
	Description *string `json:"description" maxLength:"50000"`
	Department  *string `json:"department" maxLength:"200"`
	Location    *string `json:"location" maxLength:"200"`
	JobType     *string `json:"jobType" maxLength:"100"`
	SalaryRange *string `json:"salaryRange" maxLength:"200"`
}

func (s *Server) createJob(ctx context.Context, r request[createJobIn]) (jobRow, error) {
	in := r.In
	job, err := s.services.Jobs.Create(ctx, r.Actor, hiring.JobFields{
		Title: &in.Title, Description: &in.Description, Department: &in.Department, Location: &in.Location, JobType: &in.JobType, SalaryRange: &in.SalaryRange,
	})
	return jobRowOf(job), err
}

func (s *Server) publicJobs(ctx context.Context, _ request[struct{}]) ([]publicJobRow, error) {
	jobs, err := s.services.Jobs.Public(ctx)
	return mapped(jobs, publicJobRowOf), err
}

// mapped shows each of a list; it is never null.
func mapped[T, R any](list []T, show func(T) R) []R {
	rows := make([]R, len(list))
	for i, v := range list {
		rows[i] = show(v)
	}
	return rows
}

// idIn is the input of routes that take an id only.
type idIn struct {
	ID string `path:"id"`
}

func (s *Server) publicJob(ctx context.Context, r request[idIn]) (publicJobRow, error) {
	job, err := s.services.Jobs.PublicOne(ctx, r.In.ID)
	return publicJobRowOf(job), err
}

type jobDetail struct {
	jobRow

	Interviews   []interviewRow   `json:"interviews" nullable:"false"`
	Applications []applicationRow `json:"applications" nullable:"false"`
}

func (s *Server) getJob(ctx context.Context, r request[idIn]) (jobDetail, error) {
	job, interviews, applications, err := s.services.Jobs.GetWithRecent(ctx, r.Actor, r.In.ID)
	if !may(r.Actor, "interviews:read") {
		interviews = nil
	}
	if !may(r.Actor, "applications:read") {
		applications = nil
	}
	show := func(i hiring.Interview) interviewRow { return rowOf(i).withoutLink(r.Actor) }
	return jobDetail{jobRowOf(job), mapped(interviews, show), mapped(applications, applicationRowOf)}, err
}

type patchJobIn struct {
	ID          string           `path:"id"`
	Title       *string          `json:"title" minLength:"1" maxLength:"200"`
	Description Nullable[string] `json:"description" maxLength:"50000"`
	Department  Nullable[string] `json:"department" maxLength:"200"`
	Location    Nullable[string] `json:"location" maxLength:"200"`
	JobType     Nullable[string] `json:"jobType" maxLength:"100"`
	SalaryRange Nullable[string] `json:"salaryRange" maxLength:"200"`
}

// given is what a Nullable asks for: nil leaves the field, a pointer to nil clears it.
func (n *Nullable[T]) given() **T {
	if !n.Set {
		return nil
	}
	return &n.Value
}

func (s *Server) patchJob(ctx context.Context, r request[patchJobIn]) (jobRow, error) {
	in := &r.In
	job, err := s.services.Jobs.Update(ctx, r.Actor, in.ID, hiring.JobFields{
		Title: in.Title, Description: in.Description.given(), Department: in.Department.given(), Location: in.Location.given(),
		JobType: in.JobType.given(), SalaryRange: in.SalaryRange.given(),
	}, r.IfMatch)
	return jobRowOf(job), err
}

func (s *Server) deleteJob(ctx context.Context, r request[idIn]) (okBody, error) {
	return okBody{true}, s.services.Jobs.Delete(ctx, r.Actor, r.In.ID, r.IfMatch)
}

type jobStatusIn struct {
	ID     string           `path:"id"`
	Status hiring.JobStatus `json:"status" enum:"DRAFT,ACTIVE,CLOSED" fault:"Invalid status"`
}

func (s *Server) setJobStatus(ctx context.Context, r request[jobStatusIn]) (jobRow, error) {
	job, err := s.services.Jobs.SetStatus(ctx, r.Actor, r.In.ID, r.In.Status, r.IfMatch)
	return jobRowOf(job), err
}

func (s *Server) publishJob(ctx context.Context, r request[idIn]) (jobRow, error) {
	job, err := s.services.Jobs.SetStatus(ctx, r.Actor, r.In.ID, hiring.JobActive, r.IfMatch)
	return jobRowOf(job), err
}
