package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const (
	lockInterview = selectInterview + ` FOR NO KEY UPDATE`

	// updatedAt is a row's version: of two changes in one moment the second is later.
	updateInterview = `
		UPDATE "Interview" i SET
			status = $2::text::"InterviewStatus", "startedAt" = $3, "completedAt" = $4,
			"candidateName" = $5, "candidateNotes" = $6, "timeLimitMinutes" = $7,
			plan = $8, "planVersion" = $9, "planUpdatedAt" = $10,
			"updatedAt" = greatest(date_trunc('milliseconds', now()), "updatedAt" + interval '1 millisecond')
		WHERE id = $1
		RETURNING ` + interviewColumns

	// A process that counts the use of links locks them in this order, too.
	lockSessions = `SELECT FROM "InterviewSession" WHERE "interviewId" = $1 ORDER BY id FOR UPDATE`

	lockForDeletion = selectInterview + ` FOR UPDATE`

	deleteInterview = `DELETE FROM "Interview" WHERE id = $1`

	// What another is changing right now is looked at again next time.
	expireInterviews = `
		UPDATE "Interview" i SET
			status = 'EXPIRED',
			"completedAt" = CASE WHEN status = 'IN_PROGRESS' THEN $1::timestamptz ELSE "completedAt" END,
			"updatedAt" = greatest($1::timestamptz, "updatedAt" + interval '1 millisecond')
		WHERE id IN (
			SELECT o.id FROM "Interview" o
			WHERE o.status = 'PENDING' AND o."expiresAt" < $1::timestamptz
				OR o.status = 'IN_PROGRESS' AND o."startedAt" + o."timeLimitMinutes" * interval '1 minute' + $2::interval < $1::timestamptz
					AND NOT EXISTS (SELECT FROM interview_end e WHERE e.interview = o.id AND e.reason = ANY ($3))
			LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED
		)
		RETURNING ` + interviewColumns

	// The lock keeps the state as it is until the line is there.
	insertMessage = `
		WITH open AS (
			SELECT id FROM "Interview"
			WHERE id = $2 AND (status = 'IN_PROGRESS' OR status = 'COMPLETED' AND "completedAt" > $7::timestamptz)
			FOR SHARE
		)
		INSERT INTO "InterviewMessage" (id, "interviewId", role, content, "createdAt", source)
		SELECT $1, id, $3, $4, $5, $6 FROM open
		WHERE (SELECT count(*) FROM "InterviewMessage" m WHERE m."interviewId" = open.id AND m.source = $6) < $8`

	// mostClientLines bounds what a page may store beside the engine's own lines:
	// hours of talk. Every reader of the transcript loads them.
	mostClientLines = 2000
)

// Edit implements hiring.InterviewBook: the row is locked while change looks at it.
func (s *Interviews) Edit(ctx context.Context, id interview.ID, change func(row *hiring.Interview) error) (hiring.Interview, error) {
	if !known(string(id)) {
		return hiring.Interview{}, fmt.Errorf("edit interview %q: %w", id, hiring.ErrNotFound)
	}
	var row hiring.Interview
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var err error
		if row, err = one(ctx, tx, scanInterview, lockInterview, id); err != nil {
			return err
		}
		if err := change(&row); err != nil {
			return err
		}
		if err := checkInterview(row); err != nil {
			return err
		}
		row, err = one(ctx, tx, scanInterview, updateInterview, id, row.Status, millisOrNull(row.StartedAt), millisOrNull(row.CompletedAt),
			row.CandidateName, row.CandidateNotes, row.TimeLimitMinutes, documentArg(row.Plan), row.PlanVersion, millisOrNull(row.PlanUpdatedAt))
		return err
	})
	return row, wrap("edit interview", string(id), err)
}

// Delete implements hiring.InterviewBook. What hangs on the row goes with it by its
// foreign keys.
func (s *Interviews) Delete(ctx context.Context, id interview.ID, check func(row *hiring.Interview) error) error {
	if !known(string(id)) {
		return fmt.Errorf("delete interview %q: %w", id, hiring.ErrNotFound)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, lockSessions, id); err != nil {
			return err
		}
		row, err := one(ctx, tx, scanInterview, lockForDeletion, id)
		if err == nil {
			err = check(&row)
		}
		if err == nil {
			_, err = tx.Exec(ctx, deleteInterview, id)
		}
		return err
	})
	return wrap("delete interview", string(id), err)
}

// Expire implements hiring.InterviewBook.
func (s *Interviews) Expire(ctx context.Context, now time.Time, slack time.Duration) ([]hiring.Interview, error) {
	rows, err := s.pool.Query(ctx, expireInterviews, millis(now), slack, finalReasons())
	if err != nil {
		return nil, fmt.Errorf("expire interviews: %w", err)
	}
	expired, err := pgx.CollectRows(rows, scanInterview)
	if err != nil {
		return nil, fmt.Errorf("expire interviews: %w", err)
	}
	return expired, nil
}

// AddMessage implements hiring.InterviewBook.
func (s *Interviews) AddMessage(ctx context.Context, line hiring.Message, since time.Time) error {
	if !known(string(line.InterviewID)) {
		return fmt.Errorf("add a message to interview %q: %w", line.InterviewID, hiring.ErrNotFound)
	}
	if err := checkTexts(field{"id", line.ID}, field{"role", string(line.Role)}, field{"content", line.Content}, field{"source", orEmpty(line.Source)}); err != nil {
		return fmt.Errorf("add a message to interview %s: %w", line.InterviewID, err)
	}
	tag, err := s.pool.Exec(ctx, insertMessage, line.ID, line.InterviewID, line.Role, line.Content, millis(line.CreatedAt), line.Source, millis(since), mostClientLines)
	if err == nil && tag.RowsAffected() == 0 {
		if _, err = s.Get(ctx, line.InterviewID); err == nil {
			err = hiring.ErrConflict
		}
	}
	return wrap("add a message to interview", string(line.InterviewID), err)
}
