package api

import (
	"context"
	"net/http"

	"github.com/vantahire/vantahire/hiring"
)

// adminJobRoutes are the jobs as the administrators' pages see them (contract
// section 2.11).
func (s *Server) adminJobRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/admin/jobs", accessAdmin, http.StatusOK, "List everybody's jobs", s.allJobs),
		route(http.MethodPost, "/admin/jobs/:id/approve", accessAdmin, http.StatusOK, "Approve a job and publish a draft", s.approveAndPublishJob),
		route(http.MethodPost, "/admin/jobs/:id/reject", accessAdmin, http.StatusOK, "Reject a job and close it", s.rejectAndCloseJob),
	}
}

type allJobsIn struct {
	paging

	Status   hiring.JobStatus `query:"status" enum:"DRAFT,ACTIVE,CLOSED"`
	Approval hiring.Approval  `query:"approvalStatus" enum:"PENDING,APPROVED,REJECTED"`
}

func (s *Server) allJobs(ctx context.Context, r request[allJobsIn]) (pageBody[adminJobRow], error) {
	q := r.In.query()
	page, err := s.services.Jobs.All(ctx, hiring.JobFilter{Status: r.In.Status, Approval: r.In.Approval}, q)
	return pageOf(q, page, adminJobRowOf), err
}

type listIn struct{ paging }

func (s *Server) pendingJobs(ctx context.Context, r request[listIn]) (pageBody[adminJobRow], error) {
	q := r.In.query()
	page, err := s.services.Jobs.All(ctx, hiring.JobFilter{Approval: hiring.ApprovalPending, OldestFirst: true}, q)
	return pageOf(q, page, adminJobRowOf), err
}

func (s *Server) approveJob(ctx context.Context, r request[idIn]) (jobRow, error) {
	job, err := s.services.Jobs.Approve(ctx, r.Actor, r.In.ID, false)
	return jobRowOf(job), err
}

func (s *Server) approveAndPublishJob(ctx context.Context, r request[idIn]) (jobRow, error) {
	job, err := s.services.Jobs.Approve(ctx, r.Actor, r.In.ID, true)
	return jobRowOf(job), err
}

type rejectJobIn struct {
	ID     string           `path:"id"`
	Reason Nullable[string] `json:"reason" maxLength:"2000"`
}

func (s *Server) rejectJob(ctx context.Context, r request[rejectJobIn]) (jobRow, error) {
	job, err := s.services.Jobs.Reject(ctx, r.In.ID, r.In.Reason.Value, false)
	return jobRowOf(job), err
}

func (s *Server) rejectAndCloseJob(ctx context.Context, r request[rejectJobIn]) (jobRow, error) {
	job, err := s.services.Jobs.Reject(ctx, r.In.ID, r.In.Reason.Value, true)
	return jobRowOf(job), err
}
