package hiring

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Settings are what administrators set (contract section 2.11).
type Settings struct {
	ID                         string
	SecretSignupCode           *string
	MaxInterviewsPerRecruiter  int
	DefaultInterviewDuration   int // minutes
	EnableEmailNotifications   bool
	EnableWhatsAppNotification bool
	MaintenanceMode            bool
	// LimitsSaved says that an administrator has saved them once: before, the
	// number of interviews is not limited.
	LimitsSaved bool
}

// SettingsChange is a change of them; nil leaves a value.
type SettingsChange struct {
	SecretSignupCode                                                      **string
	MaxInterviewsPerRecruiter, DefaultInterviewDuration                   *int
	EnableEmailNotifications, EnableWhatsAppNotification, MaintenanceMode *bool
}

// ListedUser is a user in the administrators' lists.
type ListedUser struct {
	User

	Interviews, Jobs int
	CompanyName      *string
	Subscription     Subscription
	HasProfile       bool
}

// UserFilter narrows a list of users; empty fields don't.
type UserFilter struct {
	Role   UserRole
	Search string // part of the e-mail address or name, in any case
}

// Counts are numbers of things.
type Counts struct {
	Recruiters, Candidates, Jobs, ActiveJobs, PendingJobs, Interviews, CompletedInterviews int
}

// DayStats are the things of one day (UTC).
type DayStats struct {
	Day                       time.Time
	Interviews, Signups, Jobs int
}

// RecentCandidate is a new candidate.
type RecentCandidate struct {
	ID              string
	FullName, Email *string
	CreatedAt       time.Time
}

// Overview is what has happened lately.
type Overview struct {
	Jobs       []ListedJob
	Interviews []Interview
	Candidates []RecentCandidate
	Counts     Counts
}

// AdminStore is what administrators ask of the database. Every method blocks on it
// until ctx ends.
type AdminStore interface {
	// Settings returns the one row, made now when there is none.
	Settings(ctx context.Context) (Settings, error)
	// SaveSettings changes it.
	SaveSettings(ctx context.Context, change SettingsChange) (Settings, error)
	Users(ctx context.Context, filter UserFilter, q PageQuery) (Page[ListedUser], error)
	// User returns one, or ErrNotFound.
	User(ctx context.Context, id string) (ListedUser, error)
	// SetRole gives a user another role, with the profile it needs, and notes who did
	// it. ErrNotFound.
	SetRole(ctx context.Context, actorID, id string, role UserRole) error
	// DeleteUser removes a user with everything that is his, in one transaction, and
	// notes who did it. ErrNotFound.
	DeleteUser(ctx context.Context, actorID, id string) error
	Interviews(ctx context.Context, status string, q PageQuery) (Page[ListedInterview], error)
	Counts(ctx context.Context) (Counts, error)
	// Days returns one entry a day for the days up to the given one, oldest first.
	Days(ctx context.Context, days int, today time.Time) ([]DayStats, error)
	// ByStatus counts interviews by their status.
	ByStatus(ctx context.Context) (map[string]int, error)
	// Recent returns the newest of each, limit at most.
	Recent(ctx context.Context, limit int) (Overview, error)
}

// settingsAge is how old the settings may be that other requests go by.
const settingsAge = time.Second

// Admin is the service for what administrators see and set. It is goroutine-safe.
type Admin struct {
	store    AdminStore
	logins   Logins
	profiles Profiles
	log      *slog.Logger
	now      func() time.Time

	mu     sync.Mutex
	cached Settings
	readAt time.Time
	saves  uint64 // counts the changes made here
}

// NewAdmin wires the service.
func NewAdmin(store AdminStore, logins Logins, profiles Profiles, log *slog.Logger) *Admin {
	return &Admin{store: store, logins: logins, profiles: profiles, log: log, now: now}
}

// Current returns the settings as they were a second ago at most; while the database
// is away, the last known ones.
func (s *Admin) Current(ctx context.Context) (Settings, error) {
	s.mu.Lock()
	cached, age, saves := s.cached, s.now().Sub(s.readAt), s.saves
	s.mu.Unlock()
	if cached.ID != "" && age < settingsAge {
		return cached, nil
	}
	fresh, err := s.store.Settings(ctx)
	if err != nil {
		if cached.ID != "" {
			return cached, nil //nolint:nilerr // what was set goes on to hold
		}
		return Settings{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saves == saves { // else what was read may be older than what was saved
		s.cached, s.readAt = fresh, s.now()
	}
	return fresh, nil
}

// Settings returns them as stored.
func (s *Admin) Settings(ctx context.Context) (Settings, error) { return s.store.Settings(ctx) }

// SaveSettings changes them. An empty signup code leaves it as it is.
func (s *Admin) SaveSettings(ctx context.Context, actor Actor, c SettingsChange) (Settings, error) {
	if code := c.SecretSignupCode; code != nil && *code != nil && **code == "" {
		c.SecretSignupCode = nil
	}
	fresh, err := s.store.SaveSettings(ctx, c)
	if err != nil {
		return Settings{}, err
	}
	s.log.Info("settings were changed", "by", actor.UserID)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cached, s.readAt = fresh, s.now()
	s.saves++
	return fresh, nil
}

// Users returns the accounts.
func (s *Admin) Users(ctx context.Context, filter UserFilter, q PageQuery) (Page[ListedUser], error) {
	return s.store.Users(ctx, filter, q)
}

// User returns one account with its profiles.
func (s *Admin) User(ctx context.Context, id string) (ListedUser, *RecruiterProfile, *CandidateProfile, error) {
	user, err := s.store.User(ctx, id)
	if err != nil {
		return ListedUser{}, nil, nil, missing(err, errNoUser)
	}
	recruiter, candidate, err := s.profiles.Find(ctx, id)
	return user, recruiter, candidate, err
}

// SetRole changes a user's role and ends his sessions.
func (s *Admin) SetRole(ctx context.Context, actor Actor, id string, role UserRole) (ListedUser, error) {
	if err := s.store.SetRole(ctx, actor.UserID, id, role); err != nil {
		return ListedUser{}, missing(err, errNoUser)
	}
	s.log.Info("a user's role was changed", "user", id, "role", role, "by", actor.UserID)
	if id != actor.UserID {
		s.endSessions(ctx, id)
	}
	user, err := s.store.User(ctx, id)
	return user, missing(err, errNoUser)
}

// endSessions logs a user out everywhere. When Redis is away they end by themselves:
// each use looks the account up.
func (s *Admin) endSessions(ctx context.Context, userID string) {
	if _, err := s.logins.CloseAll(ctx, userID); err != nil {
		s.log.Warn("a user's sessions were not ended", "user", userID, "error", err)
	}
}

// DeleteUser removes an account with everything that is its own.
func (s *Admin) DeleteUser(ctx context.Context, actor Actor, id string) error {
	if id == actor.UserID {
		return Refuse(KindInvalid, "You cannot delete your own account")
	}
	if err := s.store.DeleteUser(ctx, actor.UserID, id); err != nil {
		return missing(err, errNoUser)
	}
	s.log.Info("a user was deleted", "user", id, "by", actor.UserID)
	s.endSessions(ctx, id)
	return nil
}

// Interviews returns everybody's.
func (s *Admin) Interviews(ctx context.Context, status string, q PageQuery) (Page[ListedInterview], error) {
	return s.store.Interviews(ctx, status, q)
}

// Counts counts what there is.
func (s *Admin) Counts(ctx context.Context) (Counts, error) { return s.store.Counts(ctx) }

// Analytics returns the last days, oldest first, and the interviews by status.
func (s *Admin) Analytics(ctx context.Context, days int) ([]DayStats, map[string]int, error) {
	stats, err := s.store.Days(ctx, days, s.now().Truncate(24*time.Hour))
	if err != nil {
		return nil, nil, err
	}
	byStatus, err := s.store.ByStatus(ctx)
	return stats, byStatus, err
}

// overviewRows is how many of each the overview shows (contract section 2.11).
const overviewRows = 5

// Overview returns what has happened lately.
func (s *Admin) Overview(ctx context.Context) (Overview, error) {
	o, err := s.store.Recent(ctx, overviewRows)
	if err != nil {
		return Overview{}, err
	}
	o.Counts, err = s.store.Counts(ctx)
	return o, err
}

// ErrMaintenance is the answer to changes while the product is maintained.
var ErrMaintenance = Refuse(KindUnavailable, "The service is in maintenance. Please try again later.")

// Admits refuses a change while the product is maintained, except for
// administrators.
func (s *Admin) Admits(ctx context.Context, actor Actor) error {
	settings, err := s.Current(ctx)
	if err != nil || !settings.MaintenanceMode || actor.IsAdmin() {
		return nil //nolint:nilerr // what needs the database tells that itself
	}
	return ErrMaintenance
}
