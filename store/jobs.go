package store

import (
	"context"
	"errors"
	"reflect"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	// updatedAt is a row's version: of two changes in one moment the second is later.
	nextVersion = `"updatedAt" = greatest(date_trunc('milliseconds', now()), "updatedAt" + interval '1 millisecond')`

	jobColumns = `j.id, j."recruiterId", j.title, j.description, j.department, j.location, j."jobType", j."salaryRange",
		j.status, j."approvalStatus", j."approvedAt", j."approvedBy", j."rejectionReason", j."createdAt", j."updatedAt"`

	// A user's deletion holds his row before anything of his: who deletes one of his
	// jobs goes behind it, so that the two don't wait for each other in a ring.
	keepJobsRecruiter = `SELECT u.id FROM "User" u WHERE u.id = (SELECT "recruiterId" FROM "Job" WHERE id = $1) FOR KEY SHARE`

	lockApplicationsOfJobs = `SELECT id FROM "JobApplication" WHERE "jobId" = ANY ($1) ORDER BY id FOR UPDATE`

	selectJob = `SELECT ` + jobColumns + ` FROM "Job" j WHERE j.id = $1`

	insertJob = `
		INSERT INTO "Job" AS j (id, "recruiterId", title, description, department, location, "jobType", "salaryRange", status, "approvalStatus", "createdAt", "updatedAt")
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11) RETURNING ` + jobColumns

	updateJob = `
		UPDATE "Job" j SET title = $2, description = $3, department = $4, location = $5, "jobType" = $6, "salaryRange" = $7, status = $8,
			"approvalStatus" = $9, "approvedAt" = $10, "approvedBy" = $11, "rejectionReason" = $12, ` + nextVersion + `
		WHERE j.id = $1 RETURNING ` + jobColumns

	// A list shows the job's recruiter and what hangs on it.
	listedJobColumns = jobColumns + `,
		(SELECT count(*) FROM "Interview" i WHERE i."jobId" = j.id), (SELECT count(*) FROM "JobApplication" a WHERE a."jobId" = j.id),
		u.email, u."fullName", p."companyName", p."logoFileId", p.id IS NOT NULL`

	listedJobs = `"Job" j JOIN "User" u ON u.id = j."recruiterId" LEFT JOIN "RecruiterProfile" p ON p."userId" = u.id`

	publicJobs = ` FROM ` + listedJobs + ` WHERE j.status = 'ACTIVE' AND j."approvalStatus" = 'APPROVED'`

	// Nobody counts what hangs on a public job.
	publicJobColumns = jobColumns + `, 0, 0, '', u."fullName", p."companyName", p."logoFileId", p.id IS NOT NULL`

	recentInterviews = `SELECT ` + interviewColumns + ` FROM "Interview" i WHERE i."jobId" = $1 ORDER BY i."createdAt" DESC, i.id DESC LIMIT $2`

	recentApplications = `SELECT ` + applicationColumns + ` FROM "JobApplication" a WHERE a."jobId" = $1 ORDER BY a."appliedAt" DESC, a.id DESC LIMIT $2`
)

// Jobs implements hiring.JobStore.
type Jobs struct{ pool *pgxpool.Pool }

var _ hiring.JobStore = (*Jobs)(nil)

// NewJobs stores jobs through the pool.
func NewJobs(pool *pgxpool.Pool) *Jobs { return &Jobs{pool} }

// jobTargets are in the order of jobColumns.
func jobTargets(j *hiring.Job) []any {
	return []any{
		&j.ID, &j.RecruiterID, &j.Title, &j.Description, &j.Department, &j.Location, &j.JobType, &j.SalaryRange,
		&j.Status, &j.ApprovalStatus, &j.ApprovedAt, &j.ApprovedBy, &j.RejectionReason, &j.CreatedAt, &j.UpdatedAt,
	}
}

func scanJob(row pgx.CollectableRow) (hiring.Job, error) {
	var j hiring.Job
	return j, row.Scan(jobTargets(&j)...)
}

func scanListedJob(row pgx.CollectableRow) (hiring.ListedJob, error) {
	var j hiring.ListedJob
	return j, row.Scan(append(jobTargets(&j.Job), &j.Interviews, &j.Applications, &j.RecruiterEmail, &j.RecruiterName, &j.CompanyName, &j.LogoFileID, &j.HasProfile)...)
}

func checkJob(j hiring.Job) error {
	return checkTexts(
		field{"title", j.Title}, field{"description", orEmpty(j.Description)}, field{"department", orEmpty(j.Department)}, field{"location", orEmpty(j.Location)},
		field{"jobType", orEmpty(j.JobType)}, field{"salaryRange", orEmpty(j.SalaryRange)}, field{"reason", orEmpty(j.RejectionReason)},
	)
}

// Create implements hiring.JobStore.
func (s *Jobs) Create(ctx context.Context, j hiring.Job) (hiring.Job, error) {
	if err := checkJob(j); err != nil {
		return hiring.Job{}, wrap("create", "job", err)
	}
	row, err := one(ctx, s.pool, scanJob, insertJob, uuid.NewString(), j.RecruiterID, j.Title, j.Description, j.Department, j.Location, j.JobType, j.SalaryRange,
		j.Status, j.ApprovalStatus, millis(j.CreatedAt))
	return row, wrap("create", "job", err)
}

// Get implements hiring.JobStore.
func (s *Jobs) Get(ctx context.Context, id string) (hiring.Job, error) {
	if !known(id) {
		return hiring.Job{}, wrap("get job", "", pgx.ErrNoRows)
	}
	row, err := one(ctx, s.pool, scanJob, selectJob, id)
	return row, wrap("get job", id, err)
}

// List implements hiring.JobStore.
func (s *Jobs) List(ctx context.Context, f hiring.JobFilter, q hiring.PageQuery) (hiring.Page[hiring.ListedJob], error) {
	l := listing{columns: listedJobColumns, from: listedJobs, at: `j."createdAt"`, id: "j.id", updated: `j."updatedAt"`, oldest: f.OldestFirst}
	// Only what is asked for is in the statement: its plan is kept, and one for any
	// filter could not use the index of one.
	for _, c := range []struct{ column, value string }{
		{`j."recruiterId" = `, f.RecruiterID}, {`j.status::text = `, string(f.Status)}, {`j."approvalStatus"::text = `, string(f.Approval)},
	} {
		if c.value == "" {
			continue
		}
		if l.where != "" {
			l.where += " AND "
		}
		l.args = append(l.args, c.value)
		l.where += c.column + "$" + strconv.Itoa(len(l.args))
	}
	page, err := listPage(ctx, s.pool, l, q, scanListedJob, func(j hiring.ListedJob) (time.Time, string) { return j.CreatedAt, j.ID })
	return page, wrap("list", "jobs", err)
}

// mostPublic bounds the public list.
const mostPublic = "1000"

// Public implements hiring.JobStore.
func (s *Jobs) Public(ctx context.Context) ([]hiring.ListedJob, error) {
	rows, err := s.pool.Query(ctx, "SELECT "+publicJobColumns+publicJobs+` ORDER BY j."createdAt" DESC, j.id DESC LIMIT `+mostPublic)
	if err != nil {
		return nil, wrap("list", "public jobs", err)
	}
	jobs, err := pgx.CollectRows(rows, scanListedJob)
	return jobs, wrap("list", "public jobs", err)
}

// PublicOne implements hiring.JobStore.
func (s *Jobs) PublicOne(ctx context.Context, id string) (hiring.ListedJob, error) {
	if !known(id) {
		return hiring.ListedJob{}, wrap("get job", "", pgx.ErrNoRows)
	}
	row, err := one(ctx, s.pool, scanListedJob, "SELECT "+publicJobColumns+publicJobs+" AND j.id = $1", id)
	return row, wrap("get job", id, err)
}

// Recent implements hiring.JobStore.
func (s *Jobs) Recent(ctx context.Context, id string, limit int) ([]hiring.Interview, []hiring.Application, error) {
	rows, err := s.pool.Query(ctx, recentInterviews, id, limit)
	if err != nil {
		return nil, nil, wrap("read interviews of job", id, err)
	}
	interviews, err := pgx.CollectRows(rows, scanInterview)
	if err != nil {
		return nil, nil, wrap("read interviews of job", id, err)
	}
	if rows, err = s.pool.Query(ctx, recentApplications, id, limit); err != nil {
		return nil, nil, wrap("read applications of job", id, err)
	}
	applications, err := pgx.CollectRows(rows, scanApplication)
	return interviews, applications, wrap("read applications of job", id, err)
}

// Change implements hiring.JobStore.
func (s *Jobs) Change(ctx context.Context, id string, decide func(*hiring.Job) error) (job hiring.Job, err error) {
	if !known(id) {
		return job, wrap("change job", "", pgx.ErrNoRows)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if job, err = one(ctx, tx, scanJob, selectJob+" FOR UPDATE", id); err != nil {
			return err
		}
		before := job
		if err := decide(&job); err != nil {
			return err
		}
		if reflect.DeepEqual(before, job) {
			return nil // nothing to store, and no new version
		}
		if err := checkJob(job); err != nil {
			return err
		}
		job, err = one(ctx, tx, scanJob, updateJob, id, job.Title, job.Description, job.Department, job.Location, job.JobType, job.SalaryRange, job.Status,
			job.ApprovalStatus, millisOrNull(job.ApprovedAt), job.ApprovedBy, job.RejectionReason)
		return err
	})
	return job, wrap("change job", id, err)
}

// Delete implements hiring.JobStore.
func (s *Jobs) Delete(ctx context.Context, id string, check func(hiring.Job) error) (job hiring.Job, applications []string, err error) {
	if !known(id) {
		return job, nil, wrap("delete job", "", pgx.ErrNoRows)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err = one(ctx, tx, pgx.RowTo[string], keepJobsRecruiter, id); err != nil {
			return err
		}
		if job, err = one(ctx, tx, scanJob, selectJob+" FOR UPDATE", id); err != nil {
			return err
		}
		if err = check(job); err != nil {
			return err
		}
		if applications, err = listOf(ctx, tx, lockApplicationsOfJobs, []string{id}); err != nil {
			return err
		}
		return deleteJobs(ctx, tx, []string{id})
	})
	return job, applications, wrap("delete job", id, err)
}

// deleteJobs removes jobs with their applications, whose files go with them, and
// unlinks their interviews (by the foreign key). The jobs are locked first, so that
// nobody applies meanwhile. pgx.ErrNoRows: there is none of them.
func deleteJobs(ctx context.Context, tx pgx.Tx, ids []string) error {
	var locked []string
	rows, err := tx.Query(ctx, `SELECT id FROM "Job" WHERE id = ANY ($1) ORDER BY id FOR UPDATE`, ids)
	if err != nil {
		return err
	}
	if locked, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
		return err
	}
	if len(locked) == 0 {
		return pgx.ErrNoRows
	}
	applications, err := listOf(ctx, tx, lockApplicationsOfJobs, locked)
	if err != nil {
		return err
	}
	if err := deleteApplications(ctx, tx, applications); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `DELETE FROM "Job" WHERE id = ANY ($1)`, locked)
	return err
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// one runs a query that answers with one row, on a pool or in a transaction.
func one[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, err
	}
	return pgx.CollectExactlyOneRow(rows, scan)
}

// isMissing reports whether a row was not there.
func isMissing(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
