package hiring

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Job is a row of the contract's JobRow with what lists add to it.
type Job struct {
	ID              string
	RecruiterID     string
	Title           string
	Description     *string
	Department      *string
	Location        *string
	JobType         *string
	SalaryRange     *string
	Status          JobStatus
	ApprovalStatus  Approval
	ApprovedAt      *time.Time
	ApprovedBy      *string
	RejectionReason *string
	CreatedAt       time.Time
	UpdatedAt       time.Time
}

// ListedJob is a job in a list.
type ListedJob struct {
	Job

	Interviews, Applications int
	RecruiterEmail           string
	RecruiterName            *string
	// CompanyName and LogoFileID are of the recruiter's profile; HasProfile says
	// whether there is one.
	CompanyName, LogoFileID *string
	HasProfile              bool
}

// JobFields are what a recruiter writes about a job. A nil pointer leaves a field
// as it is; a pointer to nil clears it.
type JobFields struct {
	Title                                                   *string
	Description, Department, Location, JobType, SalaryRange **string
}

// Plan is a stored question plan. Version 0 is the default plan nobody has changed.
type Plan struct {
	Version   int
	Document  json.RawMessage // nil: none
	UpdatedAt *time.Time
}

// JobFilter narrows a list of jobs; empty fields don't.
type JobFilter struct {
	RecruiterID string
	Status      JobStatus
	Approval    Approval
	OldestFirst bool
}

// JobStore stores jobs. Every method blocks on the database until ctx ends.
type JobStore interface {
	Create(ctx context.Context, job Job) (Job, error)
	// Get returns one job, or ErrNotFound.
	Get(ctx context.Context, id string) (Job, error)
	List(ctx context.Context, filter JobFilter, q PageQuery) (Page[ListedJob], error)
	// Public returns all active and approved jobs, newest first, 1,000 at most.
	Public(ctx context.Context) ([]ListedJob, error)
	// PublicOne returns one of them, or ErrNotFound.
	PublicOne(ctx context.Context, id string) (ListedJob, error)
	// Recent returns the newest interviews and applications of a job, limit of each
	// at most.
	Recent(ctx context.Context, id string, limit int) ([]Interview, []Application, error)
	// Change locks the job, lets decide look at it and change it, and stores it. An
	// error of decide is returned and nothing is stored. A job that decide leaves as
	// it is keeps its UpdatedAt; each change gives it a later one. ErrNotFound.
	Change(ctx context.Context, id string, decide func(*Job) error) (Job, error)
	// Delete locks the job, lets check look at it, and removes it with its
	// applications and the files that hang on these alone, and unlinks its interviews,
	// in one transaction. It returns what was removed: the job and the ids of the
	// applications. An error of check is returned and nothing is removed. ErrNotFound.
	Delete(ctx context.Context, id string, check func(Job) error) (Job, []string, error)
	// Plan returns the job's question plan. ErrNotFound: there is no such job.
	Plan(ctx context.Context, id string) (Plan, error)
	// SetPlan stores a plan as the next version. With known set it must be the
	// present version's time, else ErrConflict.
	SetPlan(ctx context.Context, id string, document json.RawMessage, known *time.Time) (Plan, error)
}

// Jobs is the service for the jobs and their approval. It is goroutine-safe.
type Jobs struct {
	store     JobStore
	publisher Publisher
	checkPlan func([]byte) error
	now       func() time.Time
}

// NewJobs wires the service. checkPlan says what is wrong with a question plan.
func NewJobs(store JobStore, publisher Publisher, checkPlan func([]byte) error) *Jobs {
	return &Jobs{store: store, publisher: publisher, checkPlan: checkPlan, now: now}
}

// now is the present moment as the database keeps it.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

var errNoJob = Refuse(KindNotFound, "Job not found")

// jobError names what is missing.
func jobError(err error) error {
	if errors.Is(err, ErrNotFound) {
		return errNoJob
	}
	return err
}

// Create makes a draft.
func (s *Jobs) Create(ctx context.Context, actor Actor, fields JobFields) (Job, error) {
	at := s.now()
	job := Job{RecruiterID: actor.UserID, Status: JobDraft, ApprovalStatus: ApprovalPending, CreatedAt: at, UpdatedAt: at}
	fields.apply(&job)
	return s.store.Create(ctx, job)
}

func (f JobFields) apply(job *Job) {
	if f.Title != nil {
		job.Title = *f.Title
	}
	for _, field := range []struct {
		from **string
		to   **string
	}{
		{f.Description, &job.Description}, {f.Department, &job.Department}, {f.Location, &job.Location}, {f.JobType, &job.JobType}, {f.SalaryRange, &job.SalaryRange},
	} {
		if field.from != nil {
			*field.to = *field.from
		}
	}
}

// List returns the actor's own jobs.
func (s *Jobs) List(ctx context.Context, actor Actor, status JobStatus, q PageQuery) (Page[ListedJob], error) {
	return s.store.List(ctx, JobFilter{RecruiterID: actor.UserID, Status: status}, q)
}

// All returns everybody's jobs, for administrators.
func (s *Jobs) All(ctx context.Context, filter JobFilter, q PageQuery) (Page[ListedJob], error) {
	return s.store.List(ctx, filter, q)
}

// Public returns the jobs anybody may see.
func (s *Jobs) Public(ctx context.Context) ([]ListedJob, error) { return s.store.Public(ctx) }

// PublicOne returns one of them.
func (s *Jobs) PublicOne(ctx context.Context, id string) (ListedJob, error) {
	job, err := s.store.PublicOne(ctx, id)
	return job, jobError(err)
}

// Get returns a job the actor may manage. Somebody else's is not found.
func (s *Jobs) Get(ctx context.Context, actor Actor, id string) (Job, error) {
	job, err := s.store.Get(ctx, id)
	if err == nil && !actor.MayManage(job.RecruiterID) {
		err = errNoJob
	}
	return job, jobError(err)
}

// recentRows is how many interviews and applications stand beside a single job
// (contract section 2.6).
const recentRows = 10

// GetWithRecent returns a job with its newest interviews and applications.
func (s *Jobs) GetWithRecent(ctx context.Context, actor Actor, id string) (Job, []Interview, []Application, error) {
	job, err := s.Get(ctx, actor, id)
	if err != nil {
		return Job{}, nil, nil, err
	}
	interviews, applications, err := s.store.Recent(ctx, id, recentRows)
	return job, interviews, applications, err
}

// change changes a job of the actor.
func (s *Jobs) change(ctx context.Context, actor Actor, id string, known *time.Time, f func(*Job) error) (Job, error) {
	job, err := s.store.Change(ctx, id, func(job *Job) error {
		if !actor.MayManage(job.RecruiterID) {
			return errNoJob
		}
		if err := stale(known, job.UpdatedAt); err != nil {
			return err
		}
		return f(job)
	})
	return job, jobError(err)
}

// stale refuses a change of a row that is not as the caller last saw it.
func stale(known *time.Time, updated time.Time) error {
	if known != nil && !known.Equal(updated) {
		return Refuse(KindStale, "The resource has changed")
	}
	return nil
}

// Update changes what is written about a job.
func (s *Jobs) Update(ctx context.Context, actor Actor, id string, fields JobFields, known *time.Time) (Job, error) {
	return s.change(ctx, actor, id, known, func(job *Job) error {
		fields.apply(job)
		return nil
	})
}

// SetStatus moves a job on (contract section 3.2).
func (s *Jobs) SetStatus(ctx context.Context, actor Actor, id string, to JobStatus, known *time.Time) (Job, error) {
	return s.change(ctx, actor, id, known, func(job *Job) error {
		if err := NextJobStatus(job.Status, to, job.ApprovalStatus); err != nil {
			return err
		}
		job.Status = to
		return nil
	})
}

// Delete removes a job with its applications, of each of which its recruiter is told;
// its interviews stay.
func (s *Jobs) Delete(ctx context.Context, actor Actor, id string, known *time.Time) error {
	job, applications, err := s.store.Delete(ctx, id, func(job Job) error {
		if !actor.MayManage(job.RecruiterID) {
			return errNoJob
		}
		return stale(known, job.UpdatedAt)
	})
	if err != nil {
		return jobError(err)
	}
	for _, application := range applications {
		s.publisher.Publish(UserTopic(job.RecruiterID), "application:deleted", applicationEvent{ApplicationID: application, JobID: job.ID})
	}
	return nil
}

// Approve approves a job. With publish a draft becomes active as well (contract
// section 11, D15).
func (s *Jobs) Approve(ctx context.Context, actor Actor, id string, publish bool) (Job, error) {
	job, err := s.store.Change(ctx, id, func(job *Job) error {
		at := s.now()
		job.ApprovalStatus, job.ApprovedAt, job.ApprovedBy, job.RejectionReason = ApprovalApproved, &at, &actor.UserID, nil
		if publish && job.Status == JobDraft {
			job.Status = JobActive
		}
		return nil
	})
	if err != nil {
		return Job{}, jobError(err)
	}
	s.publisher.Publish(UserTopic(job.RecruiterID), "job:approved", map[string]string{"jobId": job.ID})
	return job, nil
}

// Reject rejects a job. With withdraw it is closed as well.
func (s *Jobs) Reject(ctx context.Context, id string, reason *string, withdraw bool) (Job, error) {
	job, err := s.store.Change(ctx, id, func(job *Job) error {
		job.ApprovalStatus, job.ApprovedAt, job.ApprovedBy, job.RejectionReason = ApprovalRejected, nil, nil, reason
		if withdraw {
			job.Status = JobClosed
		}
		return nil
	})
	if err != nil {
		return Job{}, jobError(err)
	}
	said := "No reason provided"
	if reason != nil && *reason != "" {
		said = *reason
	}
	s.publisher.Publish(UserTopic(job.RecruiterID), "job:rejected", map[string]string{"jobId": job.ID, "reason": said})
	return job, nil
}

// Plan returns a job's question plan.
func (s *Jobs) Plan(ctx context.Context, actor Actor, id string) (Plan, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return Plan{}, err
	}
	plan, err := s.store.Plan(ctx, id)
	return plan, jobError(err)
}

// SetPlan stores a question plan; interviews created from now on take it over.
func (s *Jobs) SetPlan(ctx context.Context, actor Actor, id string, document json.RawMessage, known *time.Time) (Plan, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return Plan{}, err
	}
	if err := s.checkPlan(document); err != nil {
		return Plan{}, &InvalidError{Fields: map[string][]string{"plan": {err.Error()}}}
	}
	plan, err := s.store.SetPlan(ctx, id, document, known)
	if errors.Is(err, ErrConflict) {
		return Plan{}, Refuse(KindStale, "The resource has changed")
	}
	if err != nil {
		return Plan{}, jobError(fmt.Errorf("set plan: %w", err))
	}
	return plan, nil
}
