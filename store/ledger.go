package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/interview"
)

// ledgerConnections: one batch is under way at a time; the other connection
// serves claims and releases.
const ledgerConnections = 2

const (
	claimInterview = `
		INSERT INTO interview_owner (interview, owner, fence) VALUES ($1, $2, 1)
		ON CONFLICT (interview) DO UPDATE SET owner = excluded.owner, fence = interview_owner.fence + 1, heartbeat = now()
		RETURNING fence, last_seq`

	selectEvents = `
		SELECT interview, seq, fence, kind, at, clock_ns, payload::text FROM interview_events
		WHERE interview = $1 ORDER BY seq`

	releaseInterview = `
		UPDATE interview_owner SET owner = NULL, heartbeat = now() WHERE interview = $1 AND fence = $2`

	// commitBatch is one statement, and so one transaction and one round trip:
	// - mine locks the ownership rows of the batch, so that no claim can come
	//   between the check of a fence and the events it lets in. They are locked in
	//   one order: two processes can't wait for each other.
	// - stored takes in the events whose fence is the current one and whose seq is
	//   free. What follows is derived from newly stored events only: a batch that
	//   is sent again changes nothing.
	// - the answer names the events that were not stored, and why.
	commitBatch = `
		WITH batch AS (
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
				AS b (interview, seq, fence, kind, at, clock_ns, payload)
		), mine AS (
			SELECT interview, fence FROM interview_owner
			WHERE interview = ANY ($1::text[]) ORDER BY interview FOR NO KEY UPDATE
		), stored AS (
			INSERT INTO interview_events (interview, seq, fence, kind, at, clock_ns, payload)
			SELECT b.interview, b.seq, b.fence, b.kind, b.at, b.clock_ns, b.payload::jsonb
			FROM batch b JOIN mine USING (interview, fence)
			ON CONFLICT (interview, seq) DO NOTHING
			RETURNING interview, seq
		), lines AS (
			INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt", seq, source, turn, reply, interrupted)
			SELECT interview, role, content, at, seq, 'voice', turn, reply, interrupted
			FROM unnest($8::text[], $9::bigint[], $10::text[], $11::text[], $12::timestamptz[], $13::bigint[], $14::bigint[], $15::boolean[])
				AS l (interview, seq, role, content, at, turn, reply, interrupted)
			JOIN stored USING (interview, seq)
		), ends AS (
			INSERT INTO interview_end (interview, seq, reason, used_ns, at)
			SELECT interview, seq, reason, used_ns, at
			FROM unnest($16::text[], $17::bigint[], $18::text[], $19::bigint[], $20::timestamptz[])
				AS e (interview, seq, reason, used_ns, at)
			JOIN stored USING (interview, seq)
			ON CONFLICT (interview) DO UPDATE SET seq = excluded.seq, reason = excluded.reason, used_ns = excluded.used_ns, at = excluded.at
			WHERE interview_end.seq < excluded.seq
		), beat AS (
			UPDATE interview_owner o SET heartbeat = now(), last_seq = greatest(o.last_seq, s.seq)
			FROM (SELECT interview, max(seq) AS seq FROM stored GROUP BY interview) s
			WHERE o.interview = s.interview
		)
		SELECT b.interview, b.seq, m.interview IS NULL AS stale
		FROM batch b LEFT JOIN mine m USING (interview, fence) LEFT JOIN stored s USING (interview, seq)
		WHERE s.seq IS NULL`

	// differingEvents are those of a batch whose seq is taken by another content.
	differingEvents = `
		SELECT b.interview, b.seq
		FROM unnest($1::text[], $2::bigint[], $3::text[], $4::timestamptz[], $5::bigint[], $6::text[])
			AS b (interview, seq, kind, at, clock_ns, payload)
		JOIN interview_events e USING (interview, seq)
		WHERE (e.kind, e.at, e.clock_ns, e.payload) <> (b.kind, b.at, b.clock_ns, b.payload::jsonb)`
)

// Ledger is the durable record of live interviews: append-only events, each
// interview written by one owner at a time, with the transcript's lines derived
// in the same transaction. It has its own two connections.
type Ledger struct {
	pool *pgxpool.Pool
	log  *slog.Logger
}

// OpenLedger connects to the database. Close it.
func OpenLedger(ctx context.Context, url string, log *slog.Logger) (*Ledger, error) {
	config, err := poolConfig(url, "vantahire-ledger")
	if err != nil {
		return nil, err
	}
	config.MaxConns = ledgerConnections
	pool, err := open(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Ledger{pool: pool, log: log}, nil
}

// Close waits for calls under way and closes the connections.
func (l *Ledger) Close() { l.pool.Close() }

// Claim makes owner the one writer of an interview, whoever was it before, and
// returns its new fence and every event stored so far. A commit under way is
// either among them or will be refused. hiring.ErrNotFound: there is no such
// interview.
func (l *Ledger) Claim(ctx context.Context, id interview.ID, owner string) (interview.Claim, error) {
	var claim interview.Claim
	if err := checkTexts(field{"interview", string(id)}, field{"owner", owner}); err != nil {
		return claim, fmt.Errorf("claim interview %q: %w", id, err)
	}
	err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, claimInterview, id, owner).Scan(&claim.Fence, &claim.LastSeq); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, selectEvents, id)
		if err != nil {
			return err
		}
		claim.Events, err = pgx.CollectRows(rows, scanEvent)
		return err
	})
	if err != nil {
		return interview.Claim{}, wrap("claim interview", string(id), err)
	}
	return claim, nil
}

// Commit stores a batch of events, of one or many interviews, and returns when
// they are durable. It is safe to repeat: an event that is stored already is no
// error. Events that can't be stored are left out and all others stored:
//
//   - *interview.StaleFenceError names the interviews that were claimed since, or
//     deleted;
//   - *RefusedError names events that can never be stored.
//
// The error may hold both. With any other error nothing was stored, or, if the
// connection broke, perhaps everything: repeat the batch.
func (l *Ledger) Commit(ctx context.Context, batch []interview.Event) error {
	b, refused := prepareBatch(batch)
	if len(b.events) == 0 {
		return l.report(nil, refused)
	}
	rows, err := l.pool.Query(ctx, commitBatch, b.args()...)
	if err != nil {
		return fmt.Errorf("commit %d events: %w", len(b.events), err)
	}
	var stale []interview.ID
	var taken []eventKey
	var key eventKey
	var isStale bool
	_, err = pgx.ForEachRow(rows, []any{&key.interview, &key.seq, &isStale}, func() error {
		if isStale {
			stale = append(stale, key.interview)
		} else {
			taken = append(taken, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("commit %d events: %w", len(b.events), err)
	}
	differing, err := l.differing(ctx, b, taken)
	if err != nil {
		return err
	}
	for _, k := range differing {
		refused = append(refused, RefusedEvent{Interview: k.interview, Seq: k.seq, Err: ErrSeqTaken})
	}
	return l.report(stale, refused)
}

// differing returns those of the events whose stored twin has another content.
func (l *Ledger) differing(ctx context.Context, b *batch, taken []eventKey) ([]eventKey, error) {
	if len(taken) == 0 {
		return nil, nil
	}
	rows, err := l.pool.Query(ctx, differingEvents, b.contentArgs(taken)...)
	if err != nil {
		return nil, fmt.Errorf("compare %d stored events: %w", len(taken), err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (eventKey, error) {
		var k eventKey
		return k, row.Scan(&k.interview, &k.seq)
	})
	if err != nil {
		return nil, fmt.Errorf("compare %d stored events: %w", len(taken), err)
	}
	return keys, nil
}

// report turns what was left out into Commit's error.
func (l *Ledger) report(stale []interview.ID, refused []RefusedEvent) error {
	var errs []error
	if len(stale) > 0 {
		slices.Sort(stale)
		errs = append(errs, &interview.StaleFenceError{Interviews: slices.Compact(stale)})
	}
	if len(refused) > 0 {
		slices.SortFunc(refused, func(a, b RefusedEvent) int {
			return cmp.Or(cmp.Compare(a.Interview, b.Interview), cmp.Compare(a.Seq, b.Seq))
		})
		for _, r := range refused {
			l.log.Error("event refused by the ledger", "interview", r.Interview, "seq", r.Seq, "err", r.Err)
		}
		errs = append(errs, &RefusedError{Events: refused})
	}
	return errors.Join(errs...)
}

// Release gives the ownership of an interview back, when nothing more will be
// written under the fence. It may be repeated. *interview.StaleFenceError: it was
// claimed by another since, or deleted.
func (l *Ledger) Release(ctx context.Context, id interview.ID, fence interview.Fence) error {
	if !known(string(id)) {
		return fmt.Errorf("release interview %q: %w", id, &interview.StaleFenceError{Interviews: []interview.ID{id}})
	}
	tag, err := l.pool.Exec(ctx, releaseInterview, id, fence)
	if err == nil && tag.RowsAffected() == 0 {
		err = &interview.StaleFenceError{Interviews: []interview.ID{id}}
	}
	return wrap("release interview", string(id), err)
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
