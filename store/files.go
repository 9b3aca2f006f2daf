package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

const (
	fileColumns = `f.id, f.name, f."mimeType", f.size, f.category, f."uploadedBy", f."interviewId", f."jobApplicationId", f."createdAt"`

	insertFile = `
		INSERT INTO "File" (id, name, "mimeType", size, category, "uploadedBy", "interviewId", "jobApplicationId", "createdAt")
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`

	insertChunk = `INSERT INTO "FileChunk" ("fileId", n, data) VALUES ($1, $2, $3)`

	selectChunk = `SELECT data FROM "FileChunk" WHERE "fileId" = $1 AND n = $2`

	// Who is around a file: see hiring.FileLinks.
	selectFileLinks = `
		SELECT ` + fileColumns + `,
			ARRAY (SELECT i."recruiterId" FROM "Interview" i WHERE i.id = f."interviewId" OR i."candidateResumeFileId" = f.id
				UNION SELECT j."recruiterId" FROM "JobApplication" a JOIN "Job" j ON j.id = a."jobId" WHERE a.id = f."jobApplicationId" OR a."resumeFileId" = f.id),
			ARRAY (SELECT a."candidateId" FROM "JobApplication" a WHERE a.id = f."jobApplicationId" OR a."resumeFileId" = f.id
				UNION SELECT p."userId" FROM "CandidateProfile" p WHERE p."resumeFileId" = f.id),
			ARRAY (SELECT i.id FROM "Interview" i WHERE i.id = f."interviewId" OR i."candidateResumeFileId" = f.id)
		FROM "File" f WHERE f.id = $1`

	// Logos are everybody's: nobody has to be looked up for them.
	selectLogo = `SELECT ` + fileColumns + ` FROM "File" f WHERE f.id = $1 AND f.category = 'LOGO'`

	lockInterviewForUpload = `SELECT "recruiterId", status, "completedAt" FROM "Interview" WHERE id = $1 FOR NO KEY UPDATE`

	lockApplicationForUpload = `
		SELECT a."candidateId", j."recruiterId" FROM "JobApplication" a JOIN "Job" j ON j.id = a."jobId" WHERE a.id = $1 FOR NO KEY UPDATE OF a`

	lockLogo = `SELECT "logoFileId" FROM "RecruiterProfile" WHERE "userId" = $1 FOR UPDATE`
	setLogo  = `UPDATE "RecruiterProfile" SET "logoFileId" = $2 WHERE "userId" = $1`

	// An old logo goes with the upload that takes its place, if it was the
	// recruiter's own.
	deleteOldLogo = `DELETE FROM "File" WHERE id = $1 AND category = 'LOGO' AND "uploadedBy" = $2`

	setProfileResume     = `UPDATE "CandidateProfile" SET "resumeFileId" = $2 WHERE "userId" = $1`
	setInterviewResume   = `UPDATE "Interview" SET "candidateResumeFileId" = $2 WHERE id = $1`
	setApplicationResume = `UPDATE "JobApplication" SET "resumeFileId" = $2 WHERE id = $1`

	selectScreenshots = `
		SELECT ` + fileColumns + ` FROM "File" f WHERE f."interviewId" = $1 AND f.category = 'SCREENSHOT' ORDER BY f."createdAt", f.id LIMIT 1000`

	deleteUnattached = `
		DELETE FROM "File" WHERE id IN (
			SELECT f.id FROM "File" f
			WHERE f."createdAt" < $1 AND f."interviewId" IS NULL AND f."jobApplicationId" IS NULL
				AND NOT EXISTS (SELECT FROM "RecruiterProfile" p WHERE p."logoFileId" = f.id)
				AND NOT EXISTS (SELECT FROM "CandidateProfile" p WHERE p."resumeFileId" = f.id)
				AND NOT EXISTS (SELECT FROM "Interview" i WHERE i."candidateResumeFileId" = f.id)
				AND NOT EXISTS (SELECT FROM "JobApplication" a WHERE a."resumeFileId" = f.id)
			LIMIT 500 FOR UPDATE SKIP LOCKED)`
)

// Files implements hiring.FileStore.
type Files struct{ pool *pgxpool.Pool }

var _ hiring.FileStore = (*Files)(nil)

// NewFiles stores files through the pool.
func NewFiles(pool *pgxpool.Pool) *Files { return &Files{pool} }

func fileTargets(f *hiring.File) []any {
	return []any{&f.ID, &f.Name, &f.MimeType, &f.Size, &f.Category, &f.UploadedBy, &f.InterviewID, &f.JobApplicationID, &f.CreatedAt}
}

func scanFile(row pgx.CollectableRow) (hiring.File, error) {
	var f hiring.File
	return f, row.Scan(fileTargets(&f)...)
}

// Save implements hiring.FileStore.
func (s *Files) Save(ctx context.Context, actor hiring.Actor, f hiring.File, p hiring.Placement, content io.Reader) error {
	if err := checkTexts(field{"name", f.Name}, field{"mimeType", f.MimeType}); err != nil {
		return wrap("save file", f.ID, err)
	}
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if err := mayAttach(ctx, tx, actor, p, f.CreatedAt); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, insertFile, f.ID, f.Name, f.MimeType, f.Size, f.Category, f.UploadedBy, f.InterviewID, f.JobApplicationID, millis(f.CreatedAt)); err != nil {
			return err
		}
		if err := saveContent(ctx, tx, f, content); err != nil {
			return err
		}
		return link(ctx, tx, actor, f.ID, p)
	})
	return wrap("save file", f.ID, err)
}

func saveContent(ctx context.Context, tx pgx.Tx, f hiring.File, content io.Reader) error {
	buf := make([]byte, hiring.FileChunk)
	left := f.Size
	for n := 0; left > 0; n++ {
		part := buf[:min(left, hiring.FileChunk)]
		if _, err := io.ReadFull(content, part); err != nil {
			return fmt.Errorf("read the content of file %s: %w", f.ID, err)
		}
		if _, err := tx.Exec(ctx, insertChunk, f.ID, n, part); err != nil {
			return err
		}
		left -= int64(len(part))
	}
	return nil
}

// mayAttach checks that what a file is for is the actor's business, and keeps it so
// until the file is there.
func mayAttach(ctx context.Context, tx pgx.Tx, actor hiring.Actor, p hiring.Placement, now time.Time) error {
	if p.InterviewID != "" {
		var row hiring.Interview
		err := tx.QueryRow(ctx, lockInterviewForUpload, p.InterviewID).Scan(&row.RecruiterID, &row.Status, &row.CompletedAt)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return hiring.ErrForeignInterview
		case err != nil:
			return err
		case actor.Link != nil && !p.TakesUploads(&row, now):
			return hiring.ErrInterviewOver
		case actor.Link == nil && !actor.MayManage(row.RecruiterID):
			return hiring.ErrForeignInterview
		}
	}
	if p.ApplicationID != "" {
		var candidate, recruiter string
		err := tx.QueryRow(ctx, lockApplicationForUpload, p.ApplicationID).Scan(&candidate, &recruiter)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			return hiring.ErrForeignApplication
		case err != nil:
			return err
		case !actor.MayManage(recruiter) && candidate != actor.UserID:
			return hiring.ErrForeignApplication
		}
	}
	return nil
}

// link points what a file is for to it (contract section 4.2).
func link(ctx context.Context, tx pgx.Tx, actor hiring.Actor, id string, p hiring.Placement) error {
	var err error
	switch p.Purpose {
	case hiring.PurposeLogo:
		if _, err = tx.Exec(ctx, ensureRecruiterProfile, actor.UserID); err != nil {
			return err
		}
		var old *string
		if err = tx.QueryRow(ctx, lockLogo, actor.UserID).Scan(&old); err != nil {
			return err
		}
		if _, err = tx.Exec(ctx, setLogo, actor.UserID, id); err == nil && old != nil {
			_, err = tx.Exec(ctx, deleteOldLogo, *old, actor.UserID)
		}
	case hiring.PurposeProfileResume:
		if _, err = tx.Exec(ctx, newCandidateProfile, actor.UserID); err == nil {
			_, err = tx.Exec(ctx, setProfileResume, actor.UserID, id)
		}
	case hiring.PurposeInterviewResume:
		if p.InterviewID != "" {
			_, err = tx.Exec(ctx, setInterviewResume, p.InterviewID, id)
		}
	case hiring.PurposeApplicationResume:
		if p.ApplicationID != "" {
			_, err = tx.Exec(ctx, setApplicationResume, p.ApplicationID, id)
		}
	case hiring.PurposeInterviewAttachment, hiring.PurposeApplicationAttachment:
	}
	return err
}

// Links implements hiring.FileStore.
func (s *Files) Links(ctx context.Context, id string) (hiring.FileLinks, error) {
	if !known(id) {
		return hiring.FileLinks{}, wrap("get file", "", pgx.ErrNoRows)
	}
	if logo, err := one(ctx, s.pool, scanFile, selectLogo, id); err == nil {
		return hiring.FileLinks{File: logo}, nil
	}
	f, err := one(ctx, s.pool, func(row pgx.CollectableRow) (hiring.FileLinks, error) {
		var f hiring.FileLinks
		return f, row.Scan(append(fileTargets(&f.File), &f.Recruiters, &f.Candidates, &f.Interviews)...)
	}, selectFileLinks, id)
	return f, wrap("get file", id, err)
}

// Chunk implements hiring.FileStore.
func (s *Files) Chunk(ctx context.Context, id string, n int) ([]byte, error) {
	data, err := one(ctx, s.pool, pgx.RowTo[[]byte], selectChunk, id, n)
	return data, wrap("read file", id, err)
}

// Delete implements hiring.FileStore. Who links the file forgets it.
func (s *Files) Delete(ctx context.Context, id string) error {
	tag, err := s.pool.Exec(ctx, `DELETE FROM "File" WHERE id = $1`, id)
	if err == nil && tag.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return wrap("delete file", id, err)
}

// ClearLogo implements hiring.FileStore.
func (s *Files) ClearLogo(ctx context.Context, userID string) error {
	return wrap("clear logo of user", userID, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		var old *string
		err := tx.QueryRow(ctx, lockLogo, userID).Scan(&old)
		if errors.Is(err, pgx.ErrNoRows) || err == nil && old == nil {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, setLogo, userID, nil); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, deleteOldLogo, *old, userID)
		return err
	}))
}

// Screenshots implements hiring.FileStore.
func (s *Files) Screenshots(ctx context.Context, id interview.ID) ([]hiring.File, error) {
	rows, err := s.pool.Query(ctx, selectScreenshots, id)
	if err != nil {
		return nil, wrap("list screenshots of interview", string(id), err)
	}
	files, err := pgx.CollectRows(rows, scanFile)
	return files, wrap("list screenshots of interview", string(id), err)
}

// DeleteUnattached implements hiring.FileStore.
func (s *Files) DeleteUnattached(ctx context.Context, before time.Time) (int, error) {
	tag, err := s.pool.Exec(ctx, deleteUnattached, millis(before))
	return int(tag.RowsAffected()), wrap("delete", "unattached files", err)
}
