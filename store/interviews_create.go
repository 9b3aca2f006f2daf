package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/hiring"
)

const (
	// The recruiter may use resumes he uploaded, those of applications for his jobs,
	// and those of his interviews (contract section 4.5).
	selectBasis = `
		SELECT
			$3::text IS NULL OR j.id IS NOT NULL,
			j.plan,
			$4::text IS NULL OR EXISTS (SELECT FROM "File" f WHERE f.id = $4 AND ($2
				OR f."uploadedBy" = $1
				OR EXISTS (SELECT FROM "JobApplication" a JOIN "Job" o ON o.id = a."jobId"
					WHERE (a."resumeFileId" = f.id OR a.id = f."jobApplicationId") AND o."recruiterId" = $1)
				OR EXISTS (SELECT FROM "Interview" i
					WHERE (i."candidateResumeFileId" = f.id OR i.id = f."interviewId") AND i."recruiterId" = $1))),
			(SELECT u.id FROM "User" u WHERE lower(u.email) = lower($5) ORDER BY u.email = $5 DESC, u."createdAt" LIMIT 1)
		FROM (VALUES (1)) AS one LEFT JOIN "Job" j ON j.id = $3 AND ($2 OR j."recruiterId" = $1)`

	// Who counts a recruiter's open interviews holds his row, so that two can't both
	// take the last place.
	lockRecruiter = `SELECT FROM "User" WHERE id = $1 FOR NO KEY UPDATE`

	countOpen = `SELECT count(*) FROM "Interview" WHERE "recruiterId" = $1 AND status IN ('PENDING', 'IN_PROGRESS')`
)

var _ hiring.InterviewBook = (*Interviews)(nil)

// Basis implements hiring.InterviewBook.
func (s *Interviews) Basis(ctx context.Context, q hiring.BasisQuery) (hiring.Basis, error) {
	err := checkTexts(field{"jobId", orEmpty(q.JobID)}, field{"candidateResumeFileId", orEmpty(q.ResumeFileID)}, field{"candidateEmail", q.CandidateEmail})
	if err != nil {
		return hiring.Basis{}, fmt.Errorf("look up the basis of an interview: %w", err)
	}
	var b hiring.Basis
	err = s.pool.QueryRow(ctx, selectBasis, q.RecruiterID, q.Admin, q.JobID, q.ResumeFileID, q.CandidateEmail).Scan(&b.Job, &b.JobPlan, &b.Resume, &b.CandidateUserID)
	return b, wrap("look up the basis of an interview of", q.RecruiterID, err)
}

// CreateWithin implements hiring.InterviewBook.
func (s *Interviews) CreateWithin(ctx context.Context, row hiring.Interview, first hiring.Session, most int) error {
	if err := errors.Join(checkInterview(row), checkSession(first)); err != nil {
		return fmt.Errorf("create interview %q: %w", row.ID, err)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := withinBound(ctx, tx, row.RecruiterID, most); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertInterview, interviewArgs(row)...); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, insertSession, sessionArgs(first)...)
		return err
	})
	return wrap("create interview", string(row.ID), err)
}

// withinBound holds the recruiter's row and looks for a place for one more open
// interview.
func withinBound(ctx context.Context, tx pgx.Tx, recruiterID string, most int) error {
	if most == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, lockRecruiter, recruiterID); err != nil {
		return err
	}
	var open int
	if err := tx.QueryRow(ctx, countOpen, recruiterID).Scan(&open); err != nil {
		return err
	}
	if open >= most {
		return hiring.ErrFull
	}
	return nil
}
