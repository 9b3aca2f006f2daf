package hiring

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/vantahire/vantahire/interview"
)

// Publisher tells those who follow along. Publish never blocks and never fails
// its caller: an event that can't be delivered is dropped and counted.
type Publisher interface {
	Publish(topic Topic, name string, payload any)
}

// Topic is who an event is for.
type Topic string

// InterviewTopic is everybody who follows an interview, UserTopic one account.
func InterviewTopic(id interview.ID) Topic { return Topic("interview:" + string(id)) }

// UserTopic is one account.
func UserTopic(userID string) Topic { return Topic("user:" + userID) }

// Options are what the services need to know.
type Options struct {
	FrontendURL string        // origin that interview links point to
	LinkTTL     time.Duration // life of an interview that does not choose
	// TokenTTL is the life of a link whose request does not choose; 0: as long as its
	// interview (contract section 3.1.2).
	TokenTTL time.Duration
	Consent  ConsentPolicy // of interviews that don't choose
	// CheckPlan checks a question plan's document and says what is wrong with it.
	CheckPlan func(document []byte) error
	// CountUse counts the use of a link, by its session's id. It must not block; nil
	// counts nothing.
	CountUse func(sessionID string)
	// Limits are those of new interviews; nil has none.
	Limits func(ctx context.Context) (Limits, error)
	Log    *slog.Logger
}

// Repositories are the stores the services work on.
type Repositories struct {
	Interviews Interviews
	Book       InterviewBook
	Lists      InterviewLists
	Sessions   Sessions
	Consents   Consents
	Users      Users
}

// Service is the interviews' side of hiring: it creates them, opens them to
// their candidates and moves them through their states. It is goroutine-safe and
// holds no state of its own.
type Service struct {
	interviews Interviews
	book       InterviewBook
	lists      InterviewLists
	sessions   Sessions
	consents   Consents
	users      Users
	publisher  Publisher
	options    Options
	now        func() time.Time
	newID      func() string
}

// NewService wires the service.
func NewService(repos Repositories, publisher Publisher, options Options) *Service {
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{
		interviews: repos.Interviews, book: repos.Book, lists: repos.Lists, sessions: repos.Sessions, consents: repos.Consents, users: repos.Users,
		publisher: publisher, options: options,
		// The database keeps milliseconds; so does everything computed from it.
		now:   func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) },
		newID: uuid.NewString,
	}
}
