package hiring_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

// house is what administrators work on, and counts what is asked of it.
type house struct {
	hiring.AdminStore // what no test asks for

	settings hiring.Settings
	reads    int
	away     error
	reading  func() // runs within a read, after the row was read
	deleted  []string
	closed   []string // the users whose sessions were ended
	noRedis  error
}

func (h *house) Settings(context.Context) (hiring.Settings, error) {
	h.reads++
	row := h.settings
	if h.reading != nil {
		h.reading()
	}
	return row, h.away
}

func (h *house) SaveSettings(_ context.Context, c hiring.SettingsChange) (hiring.Settings, error) {
	if c.MaintenanceMode != nil {
		h.settings.MaintenanceMode = *c.MaintenanceMode
	}
	if c.SecretSignupCode != nil {
		h.settings.SecretSignupCode = *c.SecretSignupCode
	}
	return h.settings, nil
}

func (h *house) SetRole(_ context.Context, _, id string, _ hiring.UserRole) error { return h.find(id) }

func (h *house) User(_ context.Context, id string) (hiring.ListedUser, error) {
	return hiring.ListedUser{User: hiring.User{ID: id}}, h.find(id)
}

func (h *house) DeleteUser(_ context.Context, _, id string) error {
	if err := h.find(id); err != nil {
		return err
	}
	h.deleted = append(h.deleted, id)
	return nil
}

func (h *house) find(id string) error {
	if id == "nobody" {
		return hiring.ErrNotFound
	}
	return nil
}

type closings struct {
	hiring.Logins

	house *house
}

func (c closings) CloseAll(_ context.Context, userID string) (int, error) {
	c.house.closed = append(c.house.closed, userID)
	return 1, c.house.noRedis
}

var boss = hiring.Actor{UserID: "boss", Role: hiring.RoleAdmin}

func administration() (*hiring.Admin, *house) {
	h := &house{settings: hiring.Settings{ID: "one", DefaultInterviewDuration: 30}}
	return hiring.NewAdmin(h, closings{house: h}, nil, slog.New(slog.DiscardHandler)), h
}

func ptr[T any](v T) *T { return &v }

func TestSettingsAreASecondOldAtMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, h := administration()
		now := func() hiring.Settings {
			got, err := s.Current(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		now()
		h.settings.MaintenanceMode = true // by another process
		time.Sleep(999 * time.Millisecond)
		if now().MaintenanceMode || h.reads != 1 {
			t.Errorf("read %d times within a second", h.reads)
		}
		time.Sleep(time.Millisecond)
		if !now().MaintenanceMode || h.reads != 2 {
			t.Errorf("after a second: read %d times", h.reads)
		}
		if _, err := s.SaveSettings(t.Context(), boss, hiring.SettingsChange{MaintenanceMode: ptr(false)}); err != nil {
			t.Fatal(err)
		}
		if now().MaintenanceMode {
			t.Error("what was saved here does not hold at once")
		}
		h.away = errors.New("the database is away")
		time.Sleep(time.Hour)
		if now().DefaultInterviewDuration != 30 {
			t.Error("without the database nothing holds")
		}
	})
}

// A read that was under way when the settings were saved must not bring the old ones
// back.
func TestAnOldReadDoesNotUndoASave(t *testing.T) {
	t.Parallel()
	s, h := administration()
	h.reading = func() {
		h.reading = nil
		if _, err := s.SaveSettings(t.Context(), boss, hiring.SettingsChange{MaintenanceMode: ptr(true)}); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Current(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Current(t.Context()); err != nil || !got.MaintenanceMode || h.reads != 1 {
		t.Errorf("afterwards %+v (%v, %d reads)", got, err, h.reads)
	}
}

func TestMaintenanceAdmitsAdministratorsOnly(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		on    bool
		actor hiring.Actor
		away  error
		want  error
	}{
		"nobody maintains":            {false, hiring.Actor{}, nil, nil},
		"a recruiter":                 {true, hiring.Actor{UserID: "r", Role: hiring.RoleRecruiter}, nil, hiring.ErrMaintenance},
		"a candidate":                 {true, hiring.Actor{UserID: "c", Role: hiring.RoleCandidate}, nil, hiring.ErrMaintenance},
		"nobody":                      {true, hiring.Actor{}, nil, hiring.ErrMaintenance},
		"an administrator":            {true, boss, nil, nil},
		"nobody knows, the row tells": {true, hiring.Actor{}, errors.New("away"), nil},
	} {
		s, h := administration()
		h.settings.MaintenanceMode, h.away = c.on, c.away
		if err := s.Admits(t.Context(), c.actor); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAnEmptySignupCodeLeavesTheOld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change **string
		want   *string
	}{
		"not named": {nil, ptr("old")},
		"empty":     {ptr(ptr("")), ptr("old")},
		"null":      {ptr((*string)(nil)), nil},
		"another":   {ptr(ptr("new")), ptr("new")},
	} {
		s, h := administration()
		h.settings.SecretSignupCode = ptr("old")
		got, err := s.SaveSettings(t.Context(), boss, hiring.SettingsChange{SecretSignupCode: c.change})
		if err != nil || (got.SecretSignupCode == nil) != (c.want == nil) || c.want != nil && *got.SecretSignupCode != *c.want {
			t.Errorf("%s: %v (%v)", name, got.SecretSignupCode, err)
		}
	}
}

func TestAChangedAccountIsLoggedOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do      func(s *hiring.Admin, id string) error
		id      string
		refused string
		deleted bool
		closed  bool
	}{
		"another role": {func(s *hiring.Admin, id string) error {
			_, err := s.SetRole(t.Context(), boss, id, hiring.RoleCandidate)
			return err
		}, "r", "", false, true},
		"another role for nobody": {func(s *hiring.Admin, id string) error {
			_, err := s.SetRole(t.Context(), boss, id, hiring.RoleCandidate)
			return err
		}, "nobody", "User not found", false, false},
		"deleted": {func(s *hiring.Admin, id string) error { return s.DeleteUser(t.Context(), boss, id) }, "r", "", true, true},
		"nobody":  {func(s *hiring.Admin, id string) error { return s.DeleteUser(t.Context(), boss, id) }, "nobody", "User not found", false, false},
		"oneself": {func(s *hiring.Admin, id string) error { return s.DeleteUser(t.Context(), boss, id) }, boss.UserID, "You cannot delete your own account", false, false},
	} {
		for _, redis := range []error{nil, errors.New("Redis is away")} {
			s, h := administration()
			h.noRedis = redis
			err := c.do(s, c.id)
			if got := errors.As(err, new(*hiring.RefusedError)); got != (c.refused != "") || got && err.Error() != c.refused || !got && err != nil {
				t.Errorf("%s: %v, want %q", name, err, c.refused)
			}
			if slices.Contains(h.deleted, c.id) != c.deleted || slices.Contains(h.closed, c.id) != c.closed {
				t.Errorf("%s: deleted %v, logged out %v", name, h.deleted, h.closed)
			}
		}
	}
}
