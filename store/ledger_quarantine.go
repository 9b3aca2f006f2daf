package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	// selectQuarantined are those of some events that are in quarantine already.
	selectQuarantined = `
		SELECT q.interview, q.fence, q.seq, q.reason
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[]) AS b (interview, fence, seq, payload)
		JOIN interview_quarantine q USING (interview, fence, seq)
		WHERE q.payload = convert_to(b.payload, 'UTF8')`

	// insertAside puts an event into quarantine without a placeholder.
	insertAside = `
		INSERT INTO interview_quarantine (interview, fence, seq, kind, at, clock_ns, payload, reason)
		SELECT q.interview, q.fence, q.seq, q.kind, q.at, q.clock_ns, q.payload, q.reason
		FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::timestamptz[], $6::bigint[], $7::bytea[], $8::text[])
			AS q (interview, fence, seq, kind, at, clock_ns, payload, reason)
		JOIN interview_owner USING (interview)
		ON CONFLICT DO NOTHING
		RETURNING interview, fence, seq`
)

// commitParts stores what the database refused as a whole: in parts, until those
// whose content it refuses are alone. They go to quarantine. Each part is a
// transaction; one that is repeated does no harm, and what is in quarantine by then
// is not tried again, so that a repeated batch comes further each time.
func (l *Ledger) commitParts(ctx context.Context, items []item, out *outcome) error {
	known, err := l.quarantined(ctx, items)
	if err != nil {
		return err
	}
	rest := make([]item, len(items))
	for n, i := range items {
		if why := known[keyOf(i.event)]; why != nil && i.refusal == nil {
			i = placeholder(i.original, why)
		}
		rest[n] = i
	}
	return bisect(rest, func(part []item) error {
		return l.commit(ctx, part, out)
	}, func(alone item, why error) error {
		if alone.refusal == nil {
			alone = placeholder(alone.original, why)
			if err := l.commit(ctx, []item{alone}, out); dataRefusal(err) == nil {
				return err
			}
		}
		return l.putAside(ctx, alone, out) // not even its placeholder is taken
	})
}

// quarantined are the reasons of those items that are in quarantine.
func (l *Ledger) quarantined(ctx context.Context, items []item) (map[eventKey]error, error) {
	var c eventColumns
	for _, i := range items {
		if i.refusal == nil {
			c.add(i.event)
		}
	}
	rows, err := l.pool.Query(ctx, selectQuarantined, c.ids, c.fences, c.seqs, c.payloads)
	if err != nil {
		return nil, err
	}
	known := map[eventKey]error{}
	var key eventKey
	var reason string
	_, err = pgx.ForEachRow(rows, []any{&key.interview, &key.fence, &key.seq, &reason}, func() error {
		known[key] = storedRefusal(reason)
		return nil
	})
	return known, err
}

// putAside keeps an event in quarantine whose place in the record can't be held.
func (l *Ledger) putAside(ctx context.Context, i item, out *outcome) error {
	var c asideColumns
	c.add(i.original, i.refusal)
	rows, err := l.pool.Query(ctx, insertAside, c.args()...)
	if err != nil {
		return err
	}
	keys, err := pgx.CollectRows(rows, scanKey)
	refused := RefusedEvent{Interview: i.original.Interview, Seq: i.original.Seq, Err: i.refusal}
	switch {
	case err == nil:
		l.alarm(keys, []item{i})
	case dataRefusal(err) != nil:
		l.lose(refused)
	default:
		return err
	}
	out.refused = append(out.refused, refused)
	return nil
}

// alarm tells of events that went to quarantine now.
func (l *Ledger) alarm(aside []eventKey, items []item) {
	if len(aside) == 0 {
		return
	}
	reasons := map[eventKey]error{}
	for _, i := range items {
		reasons[keyOf(i.event)] = i.refusal
	}
	for _, key := range aside {
		l.counts.quarantined.Add(1)
		l.log.Error("ALARM an event can't be stored and is in quarantine", "interview", key.interview, "seq", key.seq, "fence", key.fence, "error", reasons[key])
	}
}

// lose tells of an event that can be kept nowhere.
func (l *Ledger) lose(r RefusedEvent) {
	l.counts.lost.Add(1)
	l.log.Error("ALARM an event can't be kept", "interview", cleaned(string(r.Interview)), "seq", r.Seq, "error", r.Err)
}

// storedRefusal is the reason of an event that went to quarantine earlier. What
// can be seen to be wrong is seen before the database is asked: so it is the
// database that refused it.
type storedRefusal string

// Error is the reason in its own words.
func (r storedRefusal) Error() string { return string(r) }

// Unwrap returns ErrDatabaseRefuses.
func (storedRefusal) Unwrap() error { return ErrDatabaseRefuses }

func scanKey(row pgx.CollectableRow) (eventKey, error) {
	var k eventKey
	return k, row.Scan(&k.interview, &k.fence, &k.seq)
}
