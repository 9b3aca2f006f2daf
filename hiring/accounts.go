package hiring

import (
	"context"
	"errors"
	"fmt"
)

// Accounts is the service for the users and their sessions. It is goroutine-safe.
type Accounts struct {
	users  Users
	logins Logins
}

// NewAccounts wires the service.
func NewAccounts(users Users, logins Logins) *Accounts { return &Accounts{users, logins} }

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
