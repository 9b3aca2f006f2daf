package app

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
)

// openAccounts wires users, their sessions, and what administrators do.
func (a *App) openAccounts(context.Context) error {
	logins := store.NewLogins(a.redis, time.Duration(a.cfg.Accounts.SessionTTLSeconds)*time.Second)
	profiles := store.NewProfiles(a.pool)
	a.services.Accounts = hiring.NewAccounts(store.NewUsers(a.pool), logins, profiles)
	a.services.Admin = hiring.NewAdmin(store.NewAdmin(a.pool), logins, profiles, a.log)
	a.services.Repeats = hiring.NewRepeats(store.NewRepeats(a.pool))
	a.services.Messages = hiring.NewMessages(store.NewMessages(a.pool))
	return nil
}

// limits are what administrators set for new interviews. Their number is limited
// once somebody has saved it.
func (a *App) limits(ctx context.Context) (hiring.Limits, error) {
	settings, err := a.services.Admin.Current(ctx)
	if err != nil {
		return hiring.Limits{}, err
	}
	limits := hiring.Limits{DefaultMinutes: settings.DefaultInterviewDuration}
	if settings.LimitsSaved {
		limits.MaxOpen = settings.MaxInterviewsPerRecruiter
	}
	return limits, nil
}
