package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
)

const (
	// BeatEvery is how often a process says that it is alive.
	BeatEvery = time.Second
	// Lapse is how long a process counts as alive after its last heartbeat, by the
	// database's clock: long enough for a few lost beats, short enough for a
	// candidate to wait.
	Lapse = 3 * time.Second
	// ConfirmAfter is how long a claim waits for a heartbeat of an owner that has
	// lapsed: after the database was away everybody has, and who is alive beats
	// within BeatEvery.
	ConfirmAfter = 1500 * time.Millisecond
	// leastRetry is the shortest RetryAfter that is told.
	leastRetry = time.Second
	// claimTries bounds how often a claim looks again because another came between.
	claimTries = 3
	// forgetAfter is when a process that has not taken leave is forgotten.
	forgetAfter = 24 * time.Hour
)

const (
	forgetProcesses = `
		DELETE FROM live_process WHERE instance = nullif($1::text, '') OR heartbeat < now() - $2::interval`

	beatProcess = `
		INSERT INTO live_process (owner, instance) VALUES ($1, nullif($2::text, ''))
		ON CONFLICT (owner) DO UPDATE SET heartbeat = now(), instance = excluded.instance`

	leaveProcess = `DELETE FROM live_process WHERE owner = $1`

	// A heartbeat from the future is as little proof of life as an old one: the
	// database's clock was set back.
	selectHolder = `
		SELECT p.owner, p.heartbeat, p.heartbeat BETWEEN now() - $3::interval AND now() + $3::interval,
			p.heartbeat + $3::interval - now()
		FROM interview_owner o JOIN live_process p USING (owner)
		WHERE o.interview = $1 AND o.owner <> $2`

	// lockClaimed comes before claimInterview in a transaction of their own: the
	// claim may wait for the row, and must see the heartbeats that came meanwhile. A
	// process that is stopped within it loses the lock after idleLimit.
	lockClaimed = `SELECT FROM interview_owner WHERE interview = $1 FOR NO KEY UPDATE`

	// claimInterview: of two claims at once the second one sees the first one's. $3
	// and $4 are the lapsed owner and the heartbeat it must still have.
	claimInterview = `
		INSERT INTO interview_owner (interview, owner, fence) VALUES ($1, $2, 1)
		ON CONFLICT (interview) DO UPDATE SET owner = excluded.owner, fence = interview_owner.fence + 1, heartbeat = now()
		WHERE interview_owner.owner IS NULL OR interview_owner.owner = excluded.owner
			OR NOT EXISTS (SELECT FROM live_process p WHERE p.owner = interview_owner.owner)
			OR interview_owner.owner = $3::text
				AND EXISTS (SELECT FROM live_process p WHERE p.owner = $3::text AND p.heartbeat = $4::timestamptz)
		RETURNING fence, last_seq`

	// selectClaimed are the events that were there when the fence was given: it has
	// written none yet, and who claims after it has a higher one.
	selectClaimed = `
		SELECT interview, seq, fence, kind, at, clock_ns, payload::text FROM interview_events
		WHERE interview = $1 AND fence < $2 ORDER BY seq`

	releaseInterview = `
		UPDATE interview_owner SET owner = NULL, heartbeat = now() WHERE interview = $1 AND fence = $2`
)

// holder is another process that owns an interview.
type holder struct {
	owner     string // "": there is none
	heartbeat time.Time
	alive     bool
	left      time.Duration // until it has lapsed
}

func (h holder) refusal(id interview.ID) error {
	return &interview.OwnedElsewhereError{Interview: id, RetryAfter: min(max(h.left, leastRetry), Lapse)}
}

// Claim makes owner the one writer of an interview and returns its new fence and
// every event stored so far. A commit under way is either among them or will be
// refused. Call Beat before the first claim. hiring.ErrNotFound: there is no such
// interview. *interview.OwnedElsewhereError: another process that is alive owns
// it. When the owner has lapsed without taking leave it blocks for ConfirmAfter.
func (l *Ledger) Claim(ctx context.Context, id interview.ID, owner string) (interview.Claim, error) {
	if err := checkTexts(field{"interview", string(id)}, field{"owner", owner}); err != nil {
		return interview.Claim{}, fmt.Errorf("claim interview %q: %w", id, err)
	}
	for range claimTries {
		h, err := l.holder(ctx, id, owner)
		if err != nil {
			return interview.Claim{}, wrap("claim interview", string(id), err)
		}
		if h.alive {
			return interview.Claim{}, wrap("claim interview", string(id), h.refusal(id))
		}
		if h.owner != "" {
			select {
			case <-time.After(ConfirmAfter):
			case <-ctx.Done():
				return interview.Claim{}, wrap("claim interview", string(id), context.Cause(ctx))
			}
		}
		claim, err := l.take(ctx, id, owner, h)
		if !errors.Is(err, errTaken) {
			return claim, wrap("claim interview", string(id), err)
		}
	}
	return interview.Claim{}, wrap("claim interview", string(id), holder{}.refusal(id))
}

// holder looks who owns the interview.
func (l *Ledger) holder(ctx context.Context, id interview.ID, owner string) (holder, error) {
	if err := l.claims.enter(ctx); err != nil {
		return holder{}, err
	}
	defer l.claims.leave()
	var h holder
	err := l.pool.QueryRow(ctx, selectHolder, id, owner, Lapse).Scan(&h.owner, &h.heartbeat, &h.alive, &h.left)
	if errors.Is(err, pgx.ErrNoRows) {
		return holder{}, nil
	}
	return h, err
}

// errTaken says that the owner is not who it was a moment ago, or alive again.
var errTaken = errors.New("the owner has changed")

// take claims from nobody, from a process that is gone, or from the lapsed one.
func (l *Ledger) take(ctx context.Context, id interview.ID, owner string, lapsed holder) (interview.Claim, error) {
	if err := l.claims.enter(ctx); err != nil {
		return interview.Claim{}, err
	}
	defer l.claims.leave()
	var claim interview.Claim
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockClaimed, id); err != nil {
			return err
		}
		return tx.QueryRow(ctx, claimInterview, id, owner, lapsed.owner, lapsed.heartbeat).Scan(&claim.Fence, &claim.LastSeq)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return interview.Claim{}, errTaken
	}
	if err != nil {
		return interview.Claim{}, err
	}
	rows, err := l.pool.Query(ctx, selectClaimed, id, claim.Fence)
	if err != nil {
		return interview.Claim{}, err
	}
	if claim.Events, err = pgx.CollectRows(rows, scanEvent); err != nil {
		return interview.Claim{}, err
	}
	return claim, nil
}

// Elsewhere tells whether another process that is alive owns the interview:
// *interview.OwnedElsewhereError, or nil. Any other error: it is not known.
func (l *Ledger) Elsewhere(ctx context.Context, id interview.ID, owner string) error {
	if !known(string(id)) || !known(owner) {
		return nil // nobody can own it
	}
	h, err := l.holder(ctx, id, owner)
	if err == nil && h.alive {
		err = h.refusal(id)
	}
	return wrap("look for the owner of interview", string(id), err)
}

// Release gives the ownership of an interview back, when nothing more will be
// written under the fence. It may be repeated. *interview.StaleFenceError: it was
// claimed by another since, or deleted.
func (l *Ledger) Release(ctx context.Context, id interview.ID, fence interview.Fence) error {
	if !known(string(id)) {
		return fmt.Errorf("release interview %q: %w", id, &interview.StaleFenceError{Interviews: []interview.ID{id}})
	}
	if err := l.claims.enter(ctx); err != nil {
		return wrap("release interview", string(id), err)
	}
	defer l.claims.leave()
	tag, err := l.pool.Exec(ctx, releaseInterview, id, fence)
	if err == nil && tag.RowsAffected() == 0 {
		err = &interview.StaleFenceError{Interviews: []interview.ID{id}}
	}
	return wrap("release interview", string(id), err)
}

// Beat says that owner is alive. Call it every BeatEvery; it has a connection of
// its own.
func (l *Ledger) Beat(ctx context.Context, owner string) error {
	return l.process(ctx, "say that "+owner+" is alive", owner, beatProcess, owner, l.instance)
}

// Leave says that owner is no more: what it still owns can be claimed at once.
func (l *Ledger) Leave(ctx context.Context, owner string) error {
	return l.process(ctx, "take leave of "+owner, owner, leaveProcess, owner)
}

func (l *Ledger) process(ctx context.Context, op, owner, sql string, args ...any) error {
	err := checkTexts(field{"owner", owner})
	if err == nil {
		err = l.pulse.exec(ctx, sql, args...)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

func scanEvent(row pgx.CollectableRow) (interview.Event, error) {
	var e interview.Event
	var payload string
	if err := row.Scan(&e.Interview, &e.Seq, &e.Fence, &e.Kind, &e.At, &e.Clock, &payload); err != nil {
		return e, err
	}
	e.Payload = []byte(payload)
	return e, nil
}
