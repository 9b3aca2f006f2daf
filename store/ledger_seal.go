package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

const (
	// lockOwner keeps claims and commits out until the seal is there.
	lockOwner = `SELECT sealed FROM interview_owner WHERE interview = $1 FOR UPDATE`

	selectEvents = `
		SELECT interview, seq, fence, kind, at, clock_ns, payload::text FROM interview_events
		WHERE interview = $1 ORDER BY seq`

	insertSeal = `
		INSERT INTO interview_seal (interview, key_id, events, last_seq, mac, at) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT DO NOTHING`

	markSealed = `UPDATE interview_owner SET sealed = true WHERE interview = $1`

	// selectUnsealed are interviews whose last event is an end for good, in no order:
	// those that can't be sealed must not stand before the others for ever.
	selectUnsealed = `
		SELECT o.interview FROM interview_owner o JOIN interview_end e USING (interview)
		WHERE NOT o.sealed AND e.seq = o.last_seq AND e.reason = ANY ($1) ORDER BY random() LIMIT 100`
)

// ErrNotOver says that an interview has not ended for good, so its record is not
// complete.
var ErrNotOver = errors.New("the interview is not over for good")

// Seal computes the HMAC over the events of an interview that has ended for good.
// From then on its record takes no more events: they are refused as stale. It may
// be repeated; the first seal stands. Without a key it does nothing. ErrNotOver;
// hiring.ErrNotFound: nothing is recorded of it.
func (l *Ledger) Seal(ctx context.Context, id interview.ID) error {
	if l.key == nil {
		return nil
	}
	err := checkTexts(field{"interview", string(id)})
	if err == nil {
		err = l.claims.enter(ctx)
	}
	if err != nil {
		return fmt.Errorf("seal interview %q: %w", id, err)
	}
	defer l.claims.leave()
	err = pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error { return l.seal(ctx, tx, id) })
	return wrap("seal interview", string(id), err)
}

func (l *Ledger) seal(ctx context.Context, tx pgx.Tx, id interview.ID) error {
	var sealed bool
	if err := tx.QueryRow(ctx, lockOwner, id).Scan(&sealed); err != nil || sealed {
		return err
	}
	rows, err := tx.Query(ctx, selectEvents, id)
	if err != nil {
		return err
	}
	events, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return err
	}
	if !over(events) {
		return ErrNotOver
	}
	seal, err := record.Compute(l.key, id, events)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, insertSeal, id, seal.KeyID, seal.Events, seal.LastSeq, seal.MAC, millis(time.Now())); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, markSealed, id); err != nil {
		return err
	}
	l.counts.seals.Add(1)
	return nil
}

// over reports whether the last event is an end for good.
func over(events []interview.Event) bool {
	if len(events) == 0 {
		return false
	}
	last := events[len(events)-1]
	var end interview.Ended
	return last.Kind == interview.KindEnded && json.Unmarshal(last.Payload, &end) == nil && end.Reason.Final()
}

// SealOverdue seals the records that are complete and have no seal, 100 at most,
// and returns how many. One that can't be sealed does not keep the others from it.
func (l *Ledger) SealOverdue(ctx context.Context) (int, error) {
	if l.key == nil {
		return 0, nil
	}
	ids, err := l.unsealed(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for records without a seal: %w", err)
	}
	var errs []error
	n := 0
	for _, id := range ids {
		if err := l.Seal(ctx, id); err != nil {
			errs = append(errs, err)
			continue
		}
		n++
	}
	return n, errors.Join(errs...)
}

func (l *Ledger) unsealed(ctx context.Context) ([]interview.ID, error) {
	if err := l.claims.enter(ctx); err != nil {
		return nil, err
	}
	defer l.claims.leave()
	rows, err := l.pool.Query(ctx, selectUnsealed, finalReasons())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[interview.ID])
}
