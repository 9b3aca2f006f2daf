package hiring

import (
	"context"
	"errors"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// What a repository answers besides data. Implementations wrap them.
var (
	// ErrNotFound says that no row has the given id or token.
	ErrNotFound = errors.New("not found")
	// ErrConflict says that the row exists but its state forbids the change, or
	// that a row with the same unique value exists already.
	ErrConflict = errors.New("conflict")
)

// TextError reports a text that can't be stored. It is the caller's input that is
// wrong, not the store.
type TextError struct {
	Field  string // as the contract names it, such as candidateName
	Reason string // "it is not valid UTF-8" or "it contains a NUL character"
}

// Error names the field.
func (e *TextError) Error() string { return e.Field + ": " + e.Reason }

// ConsentPolicy says whether a candidate must agree to the recording before
// anything is dialled or stored.
type ConsentPolicy string

// The consent policies. The stored default is ConsentRequired.
const (
	ConsentRequired ConsentPolicy = "required" // a consent record must exist
	ConsentImplied  ConsentPolicy = "implied"  // the API client obtained it itself
)

// Interview is a row of the contract's InterviewRow (section 2.0) with the
// columns of section 10 and what the voice engine adds. Times are UTC with
// millisecond precision; a nil pointer is a null.
type Interview struct {
	ID                    interview.ID
	RecruiterID           string
	JobID                 *string
	CandidateEmail        string
	CandidateName         *string
	CandidateNotes        *string // plain text or a JSON document (contract 2.4.2)
	CandidateResumeFileID *string
	CandidateUserID       *string
	CandidatePhone        *string
	JobRole               string
	Type                  interview.Mode
	TimeLimitMinutes      int // 5..120
	Status                interview.Status
	InterviewURL          *string
	ExpiresAt             *time.Time
	StartedAt             *time.Time
	CompletedAt           *time.Time
	Score                 *int    // 1..10
	TranscriptSummary     *string // a JSON document as text (contract 2.0.1)
	RecordingGCSKey       *string
	ConsentPolicy         ConsentPolicy // empty is stored as ConsentRequired
	Plan                  []byte        // the question plan as JSON; nil means the default plan of the role
	PlanVersion           int           // counts the plan's changes; 0: it never had one of its own
	PlanUpdatedAt         *time.Time
	CreatedAt             time.Time
	UpdatedAt             time.Time
}

// Session is a row of the contract's SessionRow: one link to an interview.
type Session struct {
	ID             string
	InterviewID    interview.ID
	Token          string // what the candidate presents; unique
	ExpiresAt      time.Time
	RevokedAt      *time.Time
	LastAccessedAt *time.Time
	AccessCount    int
	CreatedAt      time.Time
}

// Message is a row of the contract's MessageRow: one line of a transcript. The
// pointers are null for messages that did not come from the voice engine.
type Message struct {
	ID          string
	InterviewID interview.ID
	Role        interview.Role
	Content     string
	CreatedAt   time.Time
	Seq         *interview.Seq // the event the line was derived from
	Source      *string        // "voice" for lines of the voice engine, SourceClient for those of a page
	Turn        *interview.TurnNo
	Reply       *interview.ReplyNo
	Interrupted *bool // the interviewer was cut off: Content is what was heard
}

// SourceClient marks lines that a candidate's page has sent, whoever they say has
// spoken.
const SourceClient = "client"

// Consent records that a candidate agreed to a text.
type Consent struct {
	Interview interview.ID
	Version   string // of the text that was shown
	At        time.Time
	Channel   string // where it was given: "voice", "web", "api"
	TextHash  string // SHA-256 of the text, lower-case hex; may be empty
}

// UserRole is what a user may do.
type UserRole string

// The roles of the contract (section 10, enum UserRole).
const (
	RoleRecruiter UserRole = "RECRUITER"
	RoleCandidate UserRole = "CANDIDATE"
	RoleAdmin     UserRole = "ADMIN"
)

// User is a row of the contract's User table.
type User struct {
	ID          string
	Email       string
	Role        UserRole
	Provider    string
	ProviderID  string
	FullName    *string
	AvatarURL   *string
	CreatedAt   time.Time
	UpdatedAt   time.Time
	LastLoginAt *time.Time
}

// Interviews stores interviews and reads their transcripts. Every method blocks
// on the database until ctx ends.
type Interviews interface {
	// Get returns one interview, or ErrNotFound.
	Get(ctx context.Context, id interview.ID) (Interview, error)
	// SetStatus moves an interview whose status is one of from to status to and
	// returns the new row. It sets startedAt on IN_PROGRESS and completedAt when
	// a started interview is over (contract section 3.1). ErrConflict: the
	// interview is in another state; ErrNotFound: there is none.
	SetStatus(ctx context.Context, id interview.ID, from []interview.Status, to interview.Status, at time.Time) (Interview, error)
	// Overdue returns interviews, 100 at most, that the ledger knows to have ended
	// for good and whose status is still IN_PROGRESS.
	Overdue(ctx context.Context) ([]OverdueEnd, error)
	// Messages returns the transcript in the order it was spoken; without lines
	// it is empty, also for an unknown interview.
	Messages(ctx context.Context, id interview.ID) ([]Message, error)
}

// Sessions stores the links candidates open. Every method blocks on the database
// until ctx ends.
type Sessions interface {
	// ByToken returns the link and its interview whatever their state, or
	// ErrNotFound: who asks judges revocation and expiry (contract 3.1.2).
	ByToken(ctx context.Context, token string) (Session, Interview, error)
	// Issue stores a further link and makes interviewURL that of its interview, in
	// one transaction; links from before stay good. ErrConflict: the id or token is
	// taken; ErrNotFound: there is no such interview.
	Issue(ctx context.Context, link Session, interviewURL string) error
	// Of returns the links of an interview, newest first: all of them, or those that
	// were not revoked.
	Of(ctx context.Context, id interview.ID, all bool) ([]Session, error)
	// Touch counts one successful use, now by the database's clock. ErrNotFound:
	// there is no such link.
	Touch(ctx context.Context, id string) error
	// Revoke withdraws a link of the interview; the first time wins. ErrNotFound: the
	// interview has no such link.
	Revoke(ctx context.Context, of interview.ID, id string, at time.Time) error
	// RevokeAll withdraws all links of the interview that were not, and tells how
	// many those were.
	RevokeAll(ctx context.Context, of interview.ID, at time.Time) (int, error)
	// Standings tells how the given links and their interviews stand, in one
	// query. Links that are gone are left out.
	Standings(ctx context.Context, ids []string) ([]Standing, error)
}

// Consents stores what candidates agreed to. Every method blocks on the database
// until ctx ends.
type Consents interface {
	// Record stores a consent once: when the interview has one already, it stays
	// as it is and nil is returned. ErrNotFound: there is no such interview.
	Record(ctx context.Context, given Consent) error
	// Get returns the consent of an interview and whether there is one.
	Get(ctx context.Context, id interview.ID) (Consent, bool, error)
}

// Users reads accounts. Every method blocks on the database until ctx ends.
type Users interface {
	// ByID returns one user, or ErrNotFound.
	ByID(ctx context.Context, id string) (User, error)
	// EnsureDevelopmentRecruiter returns the recruiter a development key acts as
	// (contract section 10.1), creating it when it is missing.
	EnsureDevelopmentRecruiter(ctx context.Context) (User, error)
	// EnsureTestUser creates or updates the test account of an e-mail address, with
	// the profile its role needs (contract section 7.6). A nil name stays as it is.
	// ErrConflict: an account of another kind has the address.
	EnsureTestUser(ctx context.Context, email string, role UserRole, fullName *string) (User, error)
	// Rename changes a user's name, nil leaves it. ErrNotFound.
	Rename(ctx context.Context, id string, fullName *string) (User, error)
}
