package hiring

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Application is a row of the contract's ApplicationRow.
type Application struct {
	ID           string
	JobID        string
	CandidateID  string
	CoverLetter  *string
	ResumeFileID *string
	Notes        *string
	Status       ApplicationStatus
	ReviewedAt   *time.Time
	AppliedAt    time.Time
	UpdatedAt    time.Time
}

// Applicant is what recruiters see of a candidate (contract section 2.7.1): texts of
// his candidate profile, else of his account.
type Applicant struct {
	ID                         string
	FullName, Email, AvatarURL *string
	Phone, Bio                 *string
	Skills                     []string
	ExperienceYears            *int
	LinkedinURL, PortfolioURL  *string
	UserEmail                  string
	UserFullName               *string
	HasProfile                 bool
}

// FileRef is a file as applications mention it.
type FileRef struct {
	ID, Name, MimeType string
	Size               int64
	Category           FileCategory
	CreatedAt          time.Time
}

// ListedApplication is an application with what is shown around it.
type ListedApplication struct {
	Application

	Job                 Job
	RecruiterEmail      string
	RecruiterName       *string
	RecruiterHasProfile bool
	CompanyName         *string
	Resume              *FileRef
	Applicant           *Applicant // nil: the account is gone
	Files               []FileRef  // of a single application only
}

// ApplicationFilter narrows a list of applications; empty fields don't.
type ApplicationFilter struct {
	RecruiterID, CandidateID, JobID string
	Status                          ApplicationStatus
}

// NewApplication is a request to apply.
type NewApplication struct {
	JobID                            string
	CoverLetter, Notes, ResumeFileID *string
}

// ApplicationStore stores applications. Every method blocks on the database until
// ctx ends.
type ApplicationStore interface {
	// Create stores an application for a job that takes some, with the named resume
	// if the candidate uploaded it, else the one of his profile. ErrConflict: he has
	// applied already. An error of accept, which sees the job, is returned.
	// ErrNotFound: there is no such job.
	Create(ctx context.Context, n NewApplication, candidateID string, at time.Time, accept func(Job) error) (Application, Job, error)
	// Get returns one with all that is shown around it, or ErrNotFound.
	Get(ctx context.Context, id string) (ListedApplication, error)
	List(ctx context.Context, filter ApplicationFilter, q PageQuery) (Page[ListedApplication], error)
	// Change locks the application, lets decide look at it and its job and change
	// it, and stores it. One that decide leaves as it is keeps its UpdatedAt; each
	// change gives it a later one. ErrNotFound.
	Change(ctx context.Context, id string, decide func(*Application, Job) error) (Application, Job, error)
	// Delete removes an application with the files that hang on it alone when decide
	// allows it.
	Delete(ctx context.Context, id string, decide func(Application, Job) error) (Application, Job, error)
}

// Applications is the service for the candidates' applications. It is
// goroutine-safe.
type Applications struct {
	store     ApplicationStore
	publisher Publisher
	now       func() time.Time
}

// NewApplications wires the service.
func NewApplications(store ApplicationStore, publisher Publisher) *Applications {
	return &Applications{store: store, publisher: publisher, now: now}
}

var (
	errNoApplication      = Refuse(KindNotFound, "Application not found")
	errForeignApplication = Refuse(KindNotFound, "Application not found or unauthorized")
	errForeignJob         = Refuse(KindNotFound, "Job not found or unauthorized")
)

// missing gives ErrNotFound the text of the route.
func missing(err error, text *RefusedError) error {
	if errors.Is(err, ErrNotFound) {
		return text
	}
	return err
}

type applicationEvent struct {
	ApplicationID string            `json:"applicationId"`
	JobID         string            `json:"jobId"`
	JobTitle      string            `json:"jobTitle,omitempty"`
	Status        ApplicationStatus `json:"status,omitempty"`
}

// Apply makes an application (contract section 2.7).
func (s *Applications) Apply(ctx context.Context, actor Actor, n NewApplication) (Application, Job, error) {
	row, job, err := s.store.Create(ctx, n, actor.UserID, s.now(), func(job Job) error {
		if job.Status != JobActive || job.ApprovalStatus != ApprovalApproved {
			return Refuse(KindInvalid, "Job is not accepting applications")
		}
		return nil
	})
	switch {
	case errors.Is(err, ErrConflict):
		return Application{}, Job{}, Refuse(KindInvalid, "You have already applied for this job")
	case err != nil:
		return Application{}, Job{}, jobError(err)
	}
	e := applicationEvent{ApplicationID: row.ID, JobID: row.JobID, JobTitle: job.Title}
	s.publisher.Publish(UserTopic(job.RecruiterID), "application:new", e)
	s.publisher.Publish(UserTopic(job.RecruiterID), "application:created", e)
	return row, job, nil
}

// Mine returns the candidate's own applications.
func (s *Applications) Mine(ctx context.Context, actor Actor, status ApplicationStatus, q PageQuery) (Page[ListedApplication], error) {
	return s.store.List(ctx, ApplicationFilter{CandidateID: actor.UserID, Status: status}, q)
}

// MineOne returns one of them.
func (s *Applications) MineOne(ctx context.Context, actor Actor, id string) (ListedApplication, error) {
	row, err := s.store.Get(ctx, id)
	if err == nil && row.CandidateID != actor.UserID {
		err = errNoApplication
	}
	return row, missing(err, errNoApplication)
}

// List returns the applications for the recruiter's jobs.
func (s *Applications) List(ctx context.Context, actor Actor, filter ApplicationFilter, q PageQuery) (Page[ListedApplication], error) {
	filter.RecruiterID = actor.UserID
	return s.store.List(ctx, filter, q)
}

// OfJob returns the applications for one job, which the jobs service has found to be
// the actor's.
func (s *Applications) OfJob(ctx context.Context, actor Actor, jobs *Jobs, jobID string, status ApplicationStatus, q PageQuery) (Page[ListedApplication], error) {
	if _, err := jobs.Get(ctx, actor, jobID); err != nil {
		if errors.Is(err, errNoJob) {
			err = errForeignJob
		}
		return Page[ListedApplication]{}, err
	}
	return s.store.List(ctx, ApplicationFilter{JobID: jobID, Status: status}, q)
}

// All returns everybody's, for administrators.
func (s *Applications) All(ctx context.Context, filter ApplicationFilter, q PageQuery) (Page[ListedApplication], error) {
	return s.store.List(ctx, filter, q)
}

// Get returns an application for a job of the actor.
func (s *Applications) Get(ctx context.Context, actor Actor, id string) (ListedApplication, error) {
	row, err := s.store.Get(ctx, id)
	if err == nil && !actor.MayManage(row.Job.RecruiterID) {
		err = errForeignApplication
	}
	return row, missing(err, errForeignApplication)
}

// Review is what a recruiter changes; nil leaves it.
type Review struct {
	Status *ApplicationStatus
	Notes  **string
}

// Review moves an application on and writes notes.
func (s *Applications) Review(ctx context.Context, actor Actor, id string, change Review, known *time.Time) (Application, error) {
	moved := false
	row, job, err := s.store.Change(ctx, id, func(a *Application, job Job) error {
		if !actor.MayManage(job.RecruiterID) {
			return errForeignApplication
		}
		if err := stale(known, a.UpdatedAt); err != nil {
			return err
		}
		if change.Status != nil && *change.Status != a.Status {
			if err := NextApplicationStatus(a.Status, *change.Status); err != nil {
				return err
			}
			at := s.now()
			a.Status, a.ReviewedAt, moved = *change.Status, &at, true
		}
		if change.Notes != nil {
			a.Notes = *change.Notes
		}
		return nil
	})
	if err != nil {
		return Application{}, missing(err, errForeignApplication)
	}
	if moved {
		e := applicationEvent{row.ID, row.JobID, job.Title, row.Status}
		s.publisher.Publish(UserTopic(row.CandidateID), "application:status", struct {
			ApplicationID string            `json:"applicationId"`
			JobTitle      string            `json:"jobTitle"`
			Status        ApplicationStatus `json:"status"`
		}{e.ApplicationID, e.JobTitle, e.Status})
		s.publisher.Publish(UserTopic(row.CandidateID), "application:updated", e)
		s.publisher.Publish(UserTopic(job.RecruiterID), "application:updated", e)
	}
	return row, nil
}

// Edit changes what the candidate wrote.
func (s *Applications) Edit(ctx context.Context, actor Actor, id string, coverLetter, notes **string, known *time.Time) (Application, error) {
	row, _, err := s.store.Change(ctx, id, func(a *Application, _ Job) error {
		switch {
		case a.CandidateID != actor.UserID:
			return errNoApplication
		case !CandidateMayEdit(a.Status):
			return Refuse(KindInvalid, "Cannot update application after it has been reviewed")
		}
		if err := stale(known, a.UpdatedAt); err != nil {
			return err
		}
		if coverLetter != nil {
			a.CoverLetter = *coverLetter
		}
		if notes != nil {
			a.Notes = *notes
		}
		return nil
	})
	return row, missing(err, errNoApplication)
}

// Withdraw takes an application back: it is deleted.
func (s *Applications) Withdraw(ctx context.Context, actor Actor, id string, known *time.Time) error {
	row, job, err := s.store.Delete(ctx, id, func(a Application, _ Job) error {
		switch {
		case a.CandidateID != actor.UserID:
			return errNoApplication
		case !CandidateMayWithdraw(a.Status):
			return Refuse(KindInvalid, "Cannot withdraw application at this stage")
		}
		return stale(known, a.UpdatedAt)
	})
	if err != nil {
		return missing(fmt.Errorf("withdraw: %w", err), errNoApplication)
	}
	s.publisher.Publish(UserTopic(job.RecruiterID), "application:deleted", applicationEvent{ApplicationID: row.ID, JobID: row.JobID})
	return nil
}
