package hiring

import (
	"context"
	"errors"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// ErrFull says that a recruiter has as many open interviews as he may have.
var ErrFull = errors.New("too many open interviews")

// Limits are what administrators have set for new interviews.
type Limits struct {
	DefaultMinutes int // time limit of an interview that does not choose; 0: the product's
	MaxOpen        int // PENDING and IN_PROGRESS interviews of a recruiter; 0: no bound
}

// Basis is what a new interview refers to, as it stands.
type Basis struct {
	// Job is false when there is no such job that the recruiter may use, Resume
	// likewise. Both are true for ids that were not asked for.
	Job, Resume bool
	// JobPlan is the job's question plan; nil when it has none.
	JobPlan []byte
	// CandidateUserID is the account with the candidate's e-mail address.
	CandidateUserID *string
}

// BasisQuery asks for a Basis.
type BasisQuery struct {
	RecruiterID    string
	Admin          bool // may use everybody's jobs and files
	JobID          *string
	ResumeFileID   *string
	CandidateEmail string // compared without regard to case
}

// InterviewBook changes interviews. Every method blocks on the database until ctx
// ends.
type InterviewBook interface {
	// Basis looks up what a new interview refers to.
	Basis(ctx context.Context, q BasisQuery) (Basis, error)
	// CreateWithin stores an interview with its first link in one transaction.
	// ErrConflict: the id or the token is taken. ErrNotFound: the recruiter, job
	// or resume it names does not exist. *TextError: a text can't be stored.
	// ErrFull: the recruiter has most open interviews, 0 for any number; of two at
	// once that compete for the last place one gets it.
	CreateWithin(ctx context.Context, row Interview, first Session, most int) error
	// Edit lets change look at the present row and say what it is to be; nobody else
	// changes it meanwhile. Its status and what belongs to that, the candidate's name
	// and notes, the time limit and the plan may change. change must not block. Its
	// error is returned as it is, and nothing is changed then. Each Edit makes
	// updatedAt later. ErrNotFound.
	Edit(ctx context.Context, id interview.ID, change func(row *Interview) error) (Interview, error)
	// Delete removes an interview with all that hangs on it, in one transaction: its
	// links, messages, mails, files and record. check looks at the row before, while
	// nobody else can change it; its error is returned as it is, and nothing is deleted
	// then. ErrNotFound.
	Delete(ctx context.Context, id interview.ID, check func(row *Interview) error) error
	// Expire moves those to EXPIRED, 500 at most, that nobody opened until their end,
	// and those that were not over slack after their time limit; what the ledger
	// knows to have ended for good is left alone. It returns them.
	Expire(ctx context.Context, now time.Time, slack time.Duration) ([]Interview, error)
	// AddMessage adds a line to the transcript of an interview that is in progress,
	// or was completed after since. ErrConflict: it is in another state; ErrNotFound;
	// *TextError.
	AddMessage(ctx context.Context, line Message, since time.Time) error
}

// ListedInterview is an interview in a list.
type ListedInterview struct {
	Interview

	Job      *JobTitle
	Messages int // of its transcript
	// RecruiterEmail and RecruiterName are told in administrators' lists only.
	RecruiterEmail string
	RecruiterName  *string
}

// JobTitle names a job.
type JobTitle struct{ ID, Title string }

// InterviewDetail is an interview with what hangs on it.
type InterviewDetail struct {
	Interview

	Job      *Job
	Messages []Message // oldest first
	Links    []Session // not revoked, newest first
}

// InterviewLists reads interviews for people. Every method blocks on the database
// until ctx ends. ErrCursor: the page's cursor is none of ours.
type InterviewLists interface {
	// OfRecruiter lists a recruiter's interviews, newest first; status "" is any.
	OfRecruiter(ctx context.Context, recruiterID string, status interview.Status, q PageQuery) (Page[ListedInterview], error)
	// OfCandidate lists the interviews of an account or of an e-mail address,
	// whichever fits, the address without regard to case.
	OfCandidate(ctx context.Context, userID, email string, status interview.Status, q PageQuery) (Page[ListedInterview], error)
	// JobOf returns the job of an interview, or ErrNotFound.
	JobOf(ctx context.Context, jobID string) (Job, error)
}
