package app

import (
	"context"
	"errors"
	"time"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/store"
)

// upkeepEvery is how often what others left undone is looked for.
const upkeepEvery = 30 * time.Second

// upkeep brings to their end, now and then again until ctx ends, what dead
// processes and outages left: journals, late events, interviews that ended and were not completed,
// records that were not sealed, and interviews whose candidates never came back.
func (a *App) upkeep(ctx context.Context) {
	began := time.Now()
	tick := time.NewTicker(upkeepEvery)
	defer tick.Stop()
	for {
		if a.databaseAway.Load() {
			began = time.Now() // nobody could come back
		}
		within, cancel := context.WithTimeout(ctx, upkeepEvery)
		err := errors.Join(a.orphans.adopt(within), a.hiring.CompleteOverdue(within), a.ledger.SettleOverdue(within))
		_, sealErr := a.ledger.SealOverdue(within)
		err = errors.Join(err, sealErr)
		if grace := a.cfg.Turn.GraceTotal; time.Since(began) > grace { // before, their candidates had no door to come back to
			err = errors.Join(err, a.concludeAbandoned(within, grace))
		}
		cancel()
		if err != nil && ctx.Err() == nil {
			a.log.Warn("what earlier processes left can't be tidied up", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// concludeAbandoned ends interviews that nobody came back to within the grace that
// a live one gives.
func (a *App) concludeAbandoned(ctx context.Context, grace time.Duration) error {
	ids, err := a.ledger.Abandoned(ctx, a.owner, grace)
	if err != nil {
		return err
	}
	rows := store.NewInterviews(a.pool)
	var errs []error
	for _, id := range ids {
		row, err := rows.Get(ctx, id)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		info, err := describe(row)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a.log.Warn("nobody came back to an interview after a restart: it ends", "interview", id)
		if err := a.calls.Conclude(info); err != nil && !errors.Is(err, actors.ErrClosed) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
