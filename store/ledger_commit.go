package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
)

const (
	// commitBatch is one statement, and so one transaction and one round trip:
	// - alive locks the interviews against their deletion before their ownership,
	//   which is the order a deletion takes them in: they can't wait for each other.
	// - mine locks the ownership rows of the batch, so that no claim and no seal can
	//   come between the check of a fence and the events it lets in. They are locked
	//   in one order as well.
	// - stored takes in the events whose fence is the current one and whose seq is
	//   free. What follows is derived from newly stored events only: a batch that
	//   is sent again changes nothing.
	// - aside takes in what can't be stored as it is; its placeholder is in stored.
	// - the answer names the events that were not stored, and why.
	commitBatch = `
		WITH batch AS (
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
				AS b (interview, fence, seq, kind, at, clock_ns, payload)
		), alive AS (
			SELECT id FROM "Interview" WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE
		), mine AS (
			SELECT interview, fence, sealed FROM interview_owner
			WHERE interview = ANY ($1::text[]) AND interview IN (SELECT id FROM alive)
			ORDER BY interview FOR NO KEY UPDATE
		), stored AS (
			INSERT INTO interview_events (interview, seq, fence, kind, at, clock_ns, payload)
			SELECT b.interview, b.seq, b.fence, b.kind, b.at, b.clock_ns, b.payload::jsonb
			FROM batch b JOIN mine USING (interview, fence)
			WHERE NOT mine.sealed
			ON CONFLICT (interview, seq) DO NOTHING
			RETURNING interview, fence, seq
		), lines AS (
			INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt", seq, source, turn, reply, interrupted)
			SELECT interview, role, content, at, seq, 'voice', turn, reply, interrupted
			FROM unnest($8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[], $16::boolean[])
				AS l (interview, fence, seq, role, content, at, turn, reply, interrupted)
			JOIN stored USING (interview, fence, seq)
		), ends AS (
			INSERT INTO interview_end (interview, seq, reason, used_ns, at)
			SELECT DISTINCT ON (interview) interview, seq, reason, used_ns, at
			FROM unnest($17::text[], $18::bigint[], $19::bigint[], $20::text[], $21::bigint[], $22::timestamptz[])
				AS e (interview, fence, seq, reason, used_ns, at)
			JOIN stored USING (interview, fence, seq)
			ORDER BY interview, seq DESC
			ON CONFLICT (interview) DO UPDATE SET seq = excluded.seq, reason = excluded.reason, used_ns = excluded.used_ns, at = excluded.at
			WHERE interview_end.seq < excluded.seq
		), aside AS (
			INSERT INTO interview_quarantine (interview, fence, seq, kind, at, clock_ns, payload, reason)
			SELECT q.interview, q.fence, q.seq, q.kind, q.at, q.clock_ns, q.payload, q.reason
			FROM unnest($23::text[], $24::bigint[], $25::bigint[], $26::text[], $27::timestamptz[], $28::bigint[], $29::bytea[], $30::text[])
				AS q (interview, fence, seq, kind, at, clock_ns, payload, reason)
			JOIN mine USING (interview, fence)
			WHERE NOT mine.sealed
			ON CONFLICT DO NOTHING
			RETURNING interview, fence, seq
		), beat AS (
			UPDATE interview_owner o SET heartbeat = now(), last_seq = greatest(o.last_seq, s.seq)
			FROM (SELECT interview, max(seq) AS seq FROM stored GROUP BY interview) s
			WHERE o.interview = s.interview
		)
		SELECT b.interview, b.fence, b.seq, CASE WHEN m.interview IS NULL THEN 'stale' WHEN m.sealed THEN 'sealed' ELSE 'taken' END
		FROM batch b LEFT JOIN mine m USING (interview, fence) LEFT JOIN stored s USING (interview, fence, seq)
		WHERE s.seq IS NULL
		UNION ALL
		SELECT interview, fence, seq, 'aside' FROM aside`

	// compareEvents tells what is stored in the place of events: the same, or a
	// placeholder for the same, which went to quarantine earlier.
	compareEvents = `
		SELECT b.interview, b.fence, b.seq,
			coalesce((e.kind, e.at, e.clock_ns, e.payload) = (b.kind, b.at, b.clock_ns, b.payload::jsonb), false),
			CASE WHEN e.kind = 'quarantined' AND q.payload = convert_to(b.payload, 'UTF8') THEN q.reason END
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
			AS b (interview, fence, seq, kind, at, clock_ns, payload)
		LEFT JOIN interview_events e USING (interview, seq)
		LEFT JOIN interview_quarantine q ON (q.interview, q.fence, q.seq) = (b.interview, b.fence, b.seq)`
)

// What became of an event that commitBatch names.
const (
	fateStale  = "stale"  // the fence is not the current one
	fateSealed = "sealed" // the record takes no more events
	fateTaken  = "taken"  // there is an event with its seq
	fateAside  = "aside"  // it went to quarantine now
)

// Commit stores a batch of events, of one or many interviews, and returns when
// they are durable. It is safe to repeat: an event that is stored already is no
// error. Events that can't be stored are left out and all others stored:
//
//   - *interview.StaleFenceError names the interviews that were claimed since, or
//     deleted, or sealed;
//   - *RefusedError names events that can never be stored as they are. They are in
//     quarantine and their place in the record is held, or, when their place was
//     taken, kept as late events.
//
// The error may hold both. With any other error nothing was stored, or, if the
// connection broke or ctx ended, perhaps a part or everything: repeat the batch.
func (l *Ledger) Commit(ctx context.Context, batch []interview.Event) error {
	items, out := prepareBatch(batch)
	for _, r := range out.refused {
		if !errors.Is(r.Err, ErrSeqTaken) {
			l.lose(r)
		}
	}
	if len(items) == 0 {
		return out.err()
	}
	if err := l.batches.enter(ctx); err != nil {
		return fmt.Errorf("commit %d events: %w", len(items), err)
	}
	defer l.batches.leave()
	err := l.commit(ctx, items, &out)
	if dataRefusal(err) != nil {
		err = l.commitParts(ctx, items, &out)
	}
	if err == nil && len(out.taken) > 0 {
		err = l.appendLate(ctx, out.taken)
	}
	if err != nil {
		return fmt.Errorf("commit %d events: %w", len(items), err)
	}
	return out.err()
}

// commit stores items with one statement.
func (l *Ledger) commit(ctx context.Context, items []item, out *outcome) error {
	rows, err := l.pool.Query(ctx, commitBatch, commitArgs(items)...)
	if err != nil {
		return err
	}
	fates := map[eventKey]string{}
	var aside []eventKey
	var key eventKey
	var fate string
	_, err = pgx.ForEachRow(rows, []any{&key.interview, &key.fence, &key.seq, &fate}, func() error {
		if fate == fateAside {
			aside = append(aside, key)
		} else {
			fates[key] = fate
		}
		return nil
	})
	if err != nil {
		return err
	}
	stored, err := l.compare(ctx, items, fates)
	if err != nil {
		return err
	}
	for _, i := range items {
		i.settle(fates[keyOf(i.event)], stored[keyOf(i.event)], out)
	}
	l.alarm(aside, items)
	return nil
}

// settle notes what became of the item.
func (i item) settle(fate string, there twin, out *outcome) {
	switch {
	case fate == fateStale, fate == fateSealed && !there.same && there.refusal == nil:
		out.stale = append(out.stale, i.event.Interview)
	case i.refusal != nil:
		out.refuse(i.original, i.refusal)
	case there.refusal != nil:
		out.refuse(i.original, there.refusal)
	case fate == fateTaken && !there.same:
		out.taken = append(out.taken, i.original)
		out.refuse(i.original, ErrSeqTaken)
	}
}

// twin is what is stored in the place of an event.
type twin struct {
	same    bool
	refusal error // a placeholder: the event is in quarantine for this reason
}

// compare looks at what is stored in the place of events that were not.
func (l *Ledger) compare(ctx context.Context, items []item, fates map[eventKey]string) (map[eventKey]twin, error) {
	var columns eventColumns
	for _, i := range items {
		if fate := fates[keyOf(i.event)]; fate == fateTaken || fate == fateSealed {
			columns.add(i.event)
		}
	}
	twins := make(map[eventKey]twin, len(columns.ids))
	if len(columns.ids) == 0 {
		return twins, nil
	}
	rows, err := l.pool.Query(ctx, compareEvents, columns.args()...)
	if err != nil {
		return nil, err
	}
	var key eventKey
	var same bool
	var reason *string
	_, err = pgx.ForEachRow(rows, []any{&key.interview, &key.fence, &key.seq, &same, &reason}, func() error {
		found := twin{same: same}
		if reason != nil {
			found.refusal = storedRefusal(*reason)
		}
		twins[key] = found
		return nil
	})
	return twins, err
}
