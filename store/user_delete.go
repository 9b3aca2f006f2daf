package store

import (
	"context"

	"github.com/jackc/pgx/v5"
)

const (
	// Deletions of users come one after the other: each touches what is another's, a
	// candidate's applications to a recruiter's jobs, and two would wait in a ring.
	oneDeletion = `SELECT pg_advisory_xact_lock(hashtext('delete user'))`

	// Whoever adds something of a user's holds this row against its deletion, by a
	// foreign key or by itself.
	lockUser = `SELECT id FROM "User" WHERE id = $1 FOR UPDATE`

	ownInterviews = `SELECT id FROM "Interview" WHERE "recruiterId" = $1 ORDER BY id`
	ownJobs       = `SELECT id FROM "Job" WHERE "recruiterId" = $1 ORDER BY id`

	// Links first, then interviews, each by their ids: the order in which uses are
	// counted, events are stored and single interviews are deleted, so that none of
	// them and this wait for each other in a ring.
	lockLinks      = `SELECT FROM "InterviewSession" WHERE "interviewId" = ANY ($1) ORDER BY id FOR UPDATE`
	lockInterviews = `SELECT FROM "Interview" WHERE id = ANY ($1) ORDER BY id FOR UPDATE`

	deleteInterviews = `DELETE FROM "Interview" WHERE id = ANY ($1)`
)

// whatIsTheUsers are what goes with a user beside interviews and jobs, in order.
// Uploads that hang on somebody else's interview or application stay there; their
// uploader is forgotten by the foreign key.
var whatIsTheUsers = []string{
	`DELETE FROM "JobApplication" WHERE "candidateId" = $1`,
	`DELETE FROM "File" f WHERE f."uploadedBy" = $1 AND f."interviewId" IS NULL AND f."jobApplicationId" IS NULL`,
	`DELETE FROM "ApiKey" WHERE "userId" = $1`,
	`DELETE FROM "OnboardingReminder" WHERE "userId" = $1`,
	`UPDATE "Interview" SET "candidateUserId" = NULL WHERE "candidateUserId" = $1`,
	`DELETE FROM idempotency WHERE principal = $1`,
	`DELETE FROM "User" WHERE id = $1`,
}

// DeleteUser implements hiring.AdminStore. What it deletes cascades: an interview's
// messages, links, mails, files and record; a job's applications and their files; a
// key's log; profiles.
func (s *Admin) DeleteUser(ctx context.Context, actorID, id string) error {
	if !known(id) {
		return wrap("delete user", "", pgx.ErrNoRows)
	}
	return wrap("delete user", id, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, oneDeletion); err != nil {
			return err
		}
		if _, err := one(ctx, tx, pgx.RowTo[string], lockUser, id); err != nil {
			return err
		}
		interviews, err := listOf(ctx, tx, ownInterviews, id)
		if err != nil {
			return err
		}
		if err := removeInterviews(ctx, tx, interviews); err != nil {
			return err
		}
		jobs, err := listOf(ctx, tx, ownJobs, id)
		if err != nil {
			return err
		}
		if len(jobs) > 0 {
			if err := deleteJobs(ctx, tx, jobs); err != nil {
				return err
			}
		}
		for _, sql := range whatIsTheUsers {
			if _, err := tx.Exec(ctx, sql, id); err != nil {
				return err
			}
		}
		return audit(ctx, tx, actorID, "user.delete", id, map[string]int{"interviews": len(interviews), "jobs": len(jobs)})
	}))
}

// removeInterviews deletes interviews with all that hangs on them.
func removeInterviews(ctx context.Context, tx pgx.Tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	for _, lock := range []string{lockLinks, lockInterviews} {
		if _, err := tx.Exec(ctx, lock, ids); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, deleteInterviews, ids)
	return err
}

func listOf(ctx context.Context, tx pgx.Tx, sql string, args ...any) ([]string, error) {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}
