package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const listedColumns = interviewColumns + `, j.id, j.title,
	(SELECT count(*) FROM "InterviewMessage" m WHERE m."interviewId" = i.id)`

var _ hiring.InterviewLists = (*Interviews)(nil)

// OfRecruiter implements hiring.InterviewLists.
func (s *Interviews) OfRecruiter(ctx context.Context, recruiterID string, status interview.Status, q hiring.PageQuery) (hiring.Page[hiring.ListedInterview], error) {
	page, err := s.list(ctx, `i."recruiterId" = $1`, []any{recruiterID}, status, q)
	return page, wrap("list interviews of recruiter", recruiterID, err)
}

// OfCandidate implements hiring.InterviewLists.
func (s *Interviews) OfCandidate(ctx context.Context, userID, email string, status interview.Status, q hiring.PageQuery) (hiring.Page[hiring.ListedInterview], error) {
	page, err := s.list(ctx, `(i."candidateUserId" = $1 OR lower(i."candidateEmail") = lower($2))`, []any{userID, email}, status, q)
	return page, wrap("list interviews of candidate", userID, err)
}

func (s *Interviews) list(ctx context.Context, where string, args []any, status interview.Status, q hiring.PageQuery) (hiring.Page[hiring.ListedInterview], error) {
	if status != "" {
		args = append(args, status)
		where += fmt.Sprintf(` AND i.status = $%d::text::"InterviewStatus"`, len(args))
	}
	return listPage(ctx, s.pool, listing{
		columns: listedColumns, from: `"Interview" i LEFT JOIN "Job" j ON j.id = i."jobId"`, where: where, args: args,
		at: `i."createdAt"`, id: `i.id`, updated: `i."updatedAt"`,
	}, q, scanListed, func(l hiring.ListedInterview) (time.Time, string) { return l.CreatedAt, string(l.ID) })
}

func scanListed(row pgx.CollectableRow) (hiring.ListedInterview, error) {
	var l hiring.ListedInterview
	var job, title *string
	err := row.Scan(append(interviewTargets(&l.Interview), &job, &title, &l.Messages)...)
	if job != nil && title != nil {
		l.Job = &hiring.JobTitle{ID: *job, Title: *title}
	}
	return l, err
}

// JobOf implements hiring.InterviewLists.
func (s *Interviews) JobOf(ctx context.Context, jobID string) (hiring.Job, error) {
	job, err := one(ctx, s.pool, scanJob, selectJob, jobID)
	return job, wrap("read job", jobID, err)
}
