package hiring

import (
	"context"
	"errors"
	"fmt"
)

// Accounts is the service for the users, their sessions and profiles. It is
// goroutine-safe.
type Accounts struct {
	users    Users
	logins   Logins
	profiles Profiles
}

// NewAccounts wires the service.
func NewAccounts(users Users, logins Logins, profiles Profiles) *Accounts {
	return &Accounts{users, logins, profiles}
}

var errNoUser = Refuse(KindNotFound, "User not found")

// Identify returns whom a session stands for, as the account is now: a change of
// role reaches open sessions. ErrNotFound: the session is unknown or over, or its
// account is gone, and then it ends.
func (s *Accounts) Identify(ctx context.Context, loginID string) (Actor, error) {
	login, err := s.logins.Find(ctx, loginID)
	if err != nil {
		return Actor{}, fmt.Errorf("identify: %w", err)
	}
	user, err := s.users.ByID(ctx, login.UserID)
	if errors.Is(err, ErrNotFound) {
		return Actor{}, errors.Join(fmt.Errorf("identify: %w", err), s.logins.Close(ctx, loginID))
	}
	if err != nil {
		return Actor{}, fmt.Errorf("identify user %s: %w", login.UserID, err)
	}
	return Actor{UserID: user.ID, Email: user.Email, Role: user.Role, LoginID: loginID}, nil
}

// TestLogin makes or updates the user of an end-to-end suite, with the profile of
// the role, and opens a session (contract section 7.6).
func (s *Accounts) TestLogin(ctx context.Context, email string, role UserRole, fullName *string) (User, Login, error) {
	user, err := s.users.EnsureTestUser(ctx, email, role, fullName)
	if errors.Is(err, ErrConflict) {
		return User{}, Login{}, &InvalidError{Fields: map[string][]string{"email": {"Belongs to an account of another kind"}}}
	}
	if err != nil {
		return User{}, Login{}, fmt.Errorf("test login: %w", err)
	}
	login, err := s.logins.Open(ctx, user)
	if err != nil {
		return User{}, Login{}, fmt.Errorf("test login: %w", err)
	}
	return user, login, nil
}

// Logout ends the actor's session.
func (s *Accounts) Logout(ctx context.Context, actor Actor) error {
	return s.logins.Close(ctx, actor.LoginID)
}

// Person is a user with his profiles; nil for one he has not.
type Person struct {
	User

	Recruiter *RecruiterProfile
	Candidate *CandidateProfile
}

// Me returns the actor's own account.
func (s *Accounts) Me(ctx context.Context, actor Actor) (Person, error) {
	user, err := s.users.ByID(ctx, actor.UserID)
	if err != nil {
		return Person{}, missing(err, errNoUser)
	}
	p := Person{User: user}
	p.Recruiter, p.Candidate, err = s.profiles.Find(ctx, user.ID)
	return p, err
}

// Rename changes the actor's name; nil leaves it.
func (s *Accounts) Rename(ctx context.Context, actor Actor, fullName *string) (User, error) {
	user, err := s.users.Rename(ctx, actor.UserID, fullName)
	return user, missing(err, errNoUser)
}
