package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

const (
	selectKnown = `SELECT 1 FROM "Interview" WHERE id = $1`

	selectLines = `
		SELECT coalesce(seq, 0), role, content, coalesce(source, ''), coalesce(turn, 0), coalesce(reply, 0),
			coalesce(interrupted, false), "createdAt"
		FROM ` + orderedMessages + ` ORDER BY ` + messageOrder

	selectLate = `
		SELECT interview, seq, fence, kind, at, clock_ns, payload::text FROM interview_late
		WHERE interview = $1 ORDER BY fence, seq`

	selectAside = `
		SELECT seq, fence, kind, reason FROM interview_quarantine WHERE interview = $1 ORDER BY seq, fence`

	selectSeal = `SELECT key_id, events, last_seq, mac, at FROM interview_seal WHERE interview = $1`
)

// Record reads everything that is stored of an interview's record, as it is at one
// moment. hiring.ErrNotFound: there is no such interview.
func (l *Ledger) Record(ctx context.Context, id interview.ID) (record.Record, error) {
	r := record.Record{Interview: id}
	err := checkTexts(field{"interview", string(id)})
	if err == nil {
		err = l.claims.enter(ctx)
	}
	if err != nil {
		return r, fmt.Errorf("read the record of interview %q: %w", id, err)
	}
	defer l.claims.leave()
	oneMoment := pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}
	err = pgx.BeginTxFunc(ctx, l.pool, oneMoment, func(tx pgx.Tx) error {
		var there int
		if err := tx.QueryRow(ctx, selectKnown, id).Scan(&there); err != nil {
			return err
		}
		if r.Events, err = all(ctx, tx, scanEvent, selectEvents, id); err != nil {
			return err
		}
		if r.Lines, err = all(ctx, tx, scanLine, selectLines, id); err != nil {
			return err
		}
		if r.Late, err = all(ctx, tx, scanEvent, selectLate, id); err != nil {
			return err
		}
		if r.Quarantined, err = all(ctx, tx, scanAside, selectAside, id); err != nil {
			return err
		}
		var s record.Seal
		err := tx.QueryRow(ctx, selectSeal, id).Scan(&s.KeyID, &s.Events, &s.LastSeq, &s.MAC, &s.At)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		r.Seal = &s
		return err
	})
	if err != nil {
		return record.Record{}, wrap("read the record of interview", string(id), err)
	}
	return r, nil
}

func all[T any](ctx context.Context, tx pgx.Tx, scan pgx.RowToFunc[T], sql string, id interview.ID) ([]T, error) {
	rows, err := tx.Query(ctx, sql, id)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

func scanLine(row pgx.CollectableRow) (record.Line, error) {
	var l record.Line
	return l, row.Scan(&l.Seq, &l.Role, &l.Content, &l.Source, &l.Turn, &l.Reply, &l.Interrupted, &l.At)
}

func scanAside(row pgx.CollectableRow) (record.Quarantined, error) {
	var q record.Quarantined
	return q, row.Scan(&q.Seq, &q.Fence, &q.Kind, &q.Reason)
}
