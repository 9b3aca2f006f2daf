package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

const (
	// lockLate takes the locks in which late events are kept, in a statement of its
	// own: what follows sees all that was done until the locks were had.
	lockLate = `
		WITH alive AS (
			SELECT id FROM "Interview" WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE
		)
		SELECT interview FROM interview_owner WHERE interview IN (SELECT id FROM alive)
		ORDER BY interview FOR NO KEY UPDATE`

	// insertLate keeps late events. What they were to become is derived from those
	// that are new here, so that repeating it changes nothing:
	// - fresh leaves out what the record or quarantine has already.
	// - lines leaves out a reply that began in the record and of which its new owner
	//   has made a line, or that was given one by settleLate.
	// - aside takes in what can't be stored, and what differs from the late event
	//   that has its name.
	insertLate = `
		WITH batch AS (
			SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[])
				AS b (interview, fence, seq, kind, at, clock_ns, payload)
		), named AS (
			SELECT unnest($1::text[] || $17::text[]) AS interview
		), alive AS (
			SELECT id FROM "Interview" WHERE id IN (SELECT interview FROM named) ORDER BY id FOR KEY SHARE
		), owners AS (
			SELECT interview FROM interview_owner WHERE interview IN (SELECT id FROM alive)
			ORDER BY interview FOR NO KEY UPDATE
		), fresh AS (
			INSERT INTO interview_late (interview, fence, seq, kind, at, clock_ns, payload)
			SELECT b.interview, b.fence, b.seq, b.kind, b.at, b.clock_ns, b.payload::jsonb
			FROM batch b JOIN owners USING (interview)
			WHERE NOT EXISTS (
				SELECT FROM interview_events e WHERE (e.interview, e.fence, e.seq) = (b.interview, b.fence, b.seq)
					AND (e.kind, e.at, e.clock_ns, e.payload) = (b.kind, b.at, b.clock_ns, b.payload::jsonb)
			) AND NOT EXISTS (
				SELECT FROM interview_quarantine q WHERE (q.interview, q.fence, q.seq) = (b.interview, b.fence, b.seq)
					AND q.payload = convert_to(b.payload, 'UTF8')
			)
			ORDER BY b.interview, b.fence, b.seq
			ON CONFLICT DO NOTHING
			RETURNING interview, fence, seq
		), lines AS (
			INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt", source, turn, reply, interrupted)
			SELECT l.interview, l.role, l.content, l.at, '` + record.SourceLate + `', l.turn, l.reply, l.interrupted
			FROM unnest($8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::text[], $13::timestamptz[], $14::bigint[], $15::bigint[], $16::boolean[])
				AS l (interview, fence, seq, role, content, at, turn, reply, interrupted)
			JOIN fresh USING (interview, fence, seq)
			WHERE l.reply IS NULL OR NOT EXISTS (
				SELECT FROM interview_events e JOIN interview_events c USING (interview)
				WHERE e.interview = l.interview AND e.fence = l.fence
					AND e.kind = 'reply_started' AND e.payload->'reply' = to_jsonb(l.reply)
					AND c.fence > l.fence AND c.kind = 'reply_ended' AND c.payload->'reply' = to_jsonb(l.reply) AND c.payload->>'heard' <> ''
			) AND NOT EXISTS (
				SELECT FROM interview_late s WHERE s.interview = l.interview AND s.fence = l.fence
					AND s.kind = 'reply_started' AND s.settled AND s.payload->'reply' = to_jsonb(l.reply)
			)
			RETURNING 1
		), aside AS (
			INSERT INTO interview_quarantine (interview, fence, seq, kind, at, clock_ns, payload, reason)
			SELECT q.interview, q.fence, q.seq, q.kind, q.at, q.clock_ns, q.payload, q.reason
			FROM (
				SELECT * FROM unnest($17::text[], $18::bigint[], $19::bigint[], $20::text[], $21::timestamptz[], $22::bigint[], $23::bytea[], $24::text[])
					AS u (interview, fence, seq, kind, at, clock_ns, payload, reason)
				UNION ALL
				SELECT b.interview, b.fence, b.seq, b.kind, b.at, b.clock_ns, convert_to(b.payload, 'UTF8'), $25::text
				FROM batch b JOIN interview_late s USING (interview, fence, seq)
				WHERE (s.kind, s.at, s.clock_ns, s.payload) <> (b.kind, b.at, b.clock_ns, b.payload::jsonb)
			) q JOIN owners USING (interview)
			ON CONFLICT DO NOTHING
			RETURNING interview, fence, seq
		)
		SELECT (SELECT count(*) FROM fresh), (SELECT count(*) FROM lines),
			(SELECT count(*) FROM named WHERE interview NOT IN (SELECT interview FROM owners)),
			(SELECT coalesce(array_agg(interview), '{}') FROM aside), (SELECT coalesce(array_agg(fence), '{}') FROM aside),
			(SELECT coalesce(array_agg(seq), '{}') FROM aside)`

	// settleLate makes one line of each late reply that began and has no end.
	settleLate = `
		WITH alive AS (
			SELECT id FROM "Interview" WHERE id = ANY ($1::text[]) ORDER BY id FOR KEY SHARE
		), owners AS (
			SELECT interview FROM interview_owner WHERE interview IN (SELECT id FROM alive)
			ORDER BY interview FOR NO KEY UPDATE
		), open AS (
			UPDATE interview_late s SET settled = true
			WHERE s.interview IN (SELECT interview FROM owners) AND s.kind = 'reply_started' AND NOT s.settled AND NOT EXISTS (
				SELECT FROM interview_late e WHERE e.interview = s.interview AND e.fence = s.fence
					AND e.kind = 'reply_ended' AND e.payload->'reply' = s.payload->'reply'
			) AND NOT EXISTS (
				SELECT FROM interview_events e WHERE e.interview = s.interview AND e.fence = s.fence
					AND e.kind = 'reply_ended' AND e.payload->'reply' = s.payload->'reply'
			)
			RETURNING s.interview, s.fence, s.at, s.payload
		), said AS (
			SELECT o.interview, o.at, o.payload, coalesce((
				SELECT nullif(w.payload->>'text', '') FROM interview_late w
				WHERE w.interview = o.interview AND w.fence = o.fence
					AND w.kind = 'reply_written' AND w.payload->'reply' = o.payload->'reply'
				ORDER BY w.seq DESC LIMIT 1
			), o.payload->>'text', '') AS text
			FROM open o
		)
		INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt", source, turn, reply, interrupted)
		SELECT interview, 'assistant', text, at, '` + record.SourceLate + `',
			nullif((payload->>'turn')::bigint, 0), nullif((payload->>'reply')::bigint, 0), true
		FROM said WHERE text <> ''`
)

// lateItem is a late event with the line it makes.
type lateItem struct {
	event    interview.Event
	original interview.Event
	line     *record.Line // nil: none
	refusal  error        // it can't be stored: original goes to quarantine
}

// lateOf checks a late event. Its lines are not those of the record: a turn may
// hold segments that are in the record, which its new owner has made a line of, so
// each late segment makes its own.
func lateOf(e interview.Event) lateItem {
	item := lateItem{event: e, original: e, refusal: checkEvent(e)}
	if item.refusal != nil {
		return item
	}
	item.event.At = millis(e.At)
	switch e.Kind {
	case interview.KindSegmentFinal:
		segment, err := decode[interview.SegmentFinal](e)
		if item.refusal = err; err == nil && segment.Text != "" {
			item.line = &record.Line{Role: interview.RoleUser, Content: segment.Text}
		}
	case interview.KindReplyEnded:
		if line, is, err := record.LineOf(e); err == nil && is {
			item.line = &line
		}
	case interview.KindReplyStarted:
		_, item.refusal = decode[interview.ReplyStarted](e)
	case interview.KindReplyWritten:
		_, item.refusal = decode[interview.ReplyWritten](e)
	default: // in the record only
	}
	return item
}

// AppendLate keeps events whose fence was overtaken before they reached the
// database, and makes lines of those that nobody else has made lines of. It may be
// repeated. Events that the record has already are passed over, those of interviews
// that are no more dropped, and those that can't be stored are in quarantine when
// it returns. After an error a part may be stored: repeat it.
func (l *Ledger) AppendLate(ctx context.Context, events []interview.Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := l.batches.enter(ctx); err != nil {
		return fmt.Errorf("keep %d late events: %w", len(events), err)
	}
	defer l.batches.leave()
	if err := l.appendLate(ctx, events); err != nil {
		return fmt.Errorf("keep %d late events: %w", len(events), err)
	}
	return nil
}

// appendLate is AppendLate within the lane of batches.
func (l *Ledger) appendLate(ctx context.Context, events []interview.Event) error {
	items := make([]lateItem, 0, len(events))
	index := make(map[eventKey]int, len(events))
	for _, e := range events {
		if err := checkName(e); err != nil {
			l.lose(RefusedEvent{Interview: e.Interview, Seq: e.Seq, Err: err})
			continue
		}
		item := lateOf(e)
		if i, twice := index[keyOf(e)]; twice {
			if sameEvent(items[i].original, e) {
				continue
			}
			if item.refusal == nil {
				item.refusal = ErrSeqTaken
			}
		}
		index[keyOf(e)] = len(items)
		items = append(items, item)
	}
	if len(items) == 0 {
		return nil
	}
	return bisect(items, func(part []lateItem) error {
		return l.insertLate(ctx, part)
	}, func(alone lateItem, why error) error {
		if alone.refusal == nil {
			alone.refusal = why
			if err := l.insertLate(ctx, []lateItem{alone}); dataRefusal(err) == nil {
				return err
			}
		}
		l.lose(RefusedEvent{Interview: alone.event.Interview, Seq: alone.event.Seq, Err: alone.refusal})
		return nil
	})
}

// insertLate stores items with one statement.
func (l *Ledger) insertLate(ctx context.Context, items []lateItem) error {
	var (
		events eventColumns
		lines  lineColumns
		aside  asideColumns
	)
	reasons := make([]item, 0, len(items))
	names := make([]string, 0, len(items))
	for _, i := range items {
		names = append(names, string(i.event.Interview))
		if i.refusal != nil {
			reasons = append(reasons, item{event: i.event, refusal: i.refusal})
			aside.add(i.original, i.refusal)
			continue
		}
		reasons = append(reasons, item{event: i.event, refusal: ErrSeqTaken}) // if at all
		events.add(i.event)
		if i.line != nil {
			lines.add(i.event, *i.line)
		}
	}
	args := append(events.args(), lines.args()...)
	args = append(append(args, aside.args()...), ErrSeqTaken.Error())
	var kept, made, dropped int64
	var ids []interview.ID
	var fences []interview.Fence
	var seqs []interview.Seq
	err := l.locked(ctx, names, func(tx pgx.Tx) error {
		return tx.QueryRow(ctx, insertLate, args...).Scan(&kept, &made, &dropped, &ids, &fences, &seqs)
	})
	if err != nil {
		return err
	}
	l.counts.late.Add(uint64(kept))
	l.counts.lateLines.Add(uint64(made))
	l.counts.lateDropped.Add(uint64(dropped))
	keys := make([]eventKey, len(ids))
	for i := range ids {
		keys[i] = eventKey{ids[i], fences[i], seqs[i]}
	}
	l.alarm(keys, reasons)
	if dropped > 0 {
		l.log.Error("ALARM late events belong to interviews that are no more: they are dropped", "events", dropped)
	}
	if kept > 0 {
		l.log.Error("ALARM late events are kept beside the record", "events", kept, "lines", made, "first", items[0].event.Interview)
	}
	return nil
}

// SettleLate makes one line of each late reply of the interviews that began and
// has no end: cut off, with the last text that is known of it. Call it when all
// late events of a writer are there. It may be repeated.
func (l *Ledger) SettleLate(ctx context.Context, ids []interview.ID) error {
	names := make([]string, 0, len(ids))
	for _, id := range ids {
		if known(string(id)) {
			names = append(names, string(id))
		}
	}
	if len(names) == 0 {
		return nil
	}
	if err := l.batches.enter(ctx); err != nil {
		return fmt.Errorf("settle %d late interviews: %w", len(names), err)
	}
	defer l.batches.leave()
	var made int64
	err := l.locked(ctx, names, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, settleLate, names)
		made = tag.RowsAffected()
		return err
	})
	if err != nil {
		return fmt.Errorf("settle %d late interviews: %w", len(names), err)
	}
	l.counts.lateLines.Add(uint64(made))
	return nil
}

// locked runs do in a transaction that holds the locks of the interviews' records.
func (l *Ledger) locked(ctx context.Context, names []string, do func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockLate, names); err != nil {
			return err
		}
		return do(tx)
	})
}

// selectUnsettled: what was stored a while ago is followed by nothing more.
const selectUnsettled = `
	SELECT DISTINCT s.interview FROM interview_late s JOIN interview_owner o USING (interview)
	WHERE s.kind = 'reply_started' AND NOT s.settled AND s.fence < o.fence AND s.stored_at < now() - $1::interval
		AND NOT EXISTS (
			SELECT FROM interview_late e WHERE e.interview = s.interview AND e.fence = s.fence
				AND e.kind = 'reply_ended' AND e.payload->'reply' = s.payload->'reply'
		) AND NOT EXISTS (
			SELECT FROM interview_events e WHERE e.interview = s.interview AND e.fence = s.fence
				AND e.kind = 'reply_ended' AND e.payload->'reply' = s.payload->'reply'
		)
	LIMIT 100`

// settleAfter is when late events count as complete whose writer did not settle
// them: it was killed on the way.
const settleAfter = 2 * time.Minute

// SettleOverdue settles late events, of 100 interviews at most, that their writer
// left unsettled.
func (l *Ledger) SettleOverdue(ctx context.Context) error {
	return l.settleOlder(ctx, settleAfter)
}

func (l *Ledger) settleOlder(ctx context.Context, than time.Duration) error {
	if err := l.claims.enter(ctx); err != nil {
		return fmt.Errorf("look for unsettled late events: %w", err)
	}
	rows, err := l.pool.Query(ctx, selectUnsettled, than)
	var ids []interview.ID
	if err == nil {
		ids, err = pgx.CollectRows(rows, pgx.RowTo[interview.ID])
	}
	l.claims.leave()
	if err != nil {
		return fmt.Errorf("look for unsettled late events: %w", err)
	}
	return l.SettleLate(ctx, ids)
}
