package store

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	fixtureJobs = `
		INSERT INTO "Job" (id, "recruiterId", title, description, department, location, "jobType", status, "approvalStatus", "approvedAt", "approvedBy") VALUES
			($1, $3, 'Senior Software Engineer', 'Build and run our web services.', 'Engineering', 'Remote', 'Full-time', 'ACTIVE', 'APPROVED', now(), $4),
			($2, $3, 'Product Manager', 'Decide what we build next.', 'Product', 'Berlin', 'Full-time', 'DRAFT', 'PENDING', NULL, NULL)
		ON CONFLICT DO NOTHING`

	fixtureInterviews = `
		INSERT INTO "Interview" (id, "recruiterId", "jobId", "candidateEmail", "candidateName", "candidateUserId", "jobRole", type, "timeLimitMinutes", "interviewUrl", "expiresAt") VALUES
			($1, $3, $4, 'candidate@test.com', 'Test Candidate', $5, 'Senior Software Engineer', 'TEXT', 30, $6 || '/interview/' || $1 || '?token=test-interview-token', now() + interval '7 days'),
			($2, $3, NULL, 'external@example.com', 'External Candidate', NULL, 'Product Manager', 'VOICE', 45, $6 || '/voice-interview/' || $2 || '?token=test-voice-token', now() + interval '14 days')
		ON CONFLICT DO NOTHING`

	// A link lives as long as its interview.
	fixtureSessions = `
		INSERT INTO "InterviewSession" (id, "interviewId", token, "expiresAt")
		SELECT s.id, i.id, s.token, i."expiresAt"
		FROM (VALUES ($1::text, $3::text, 'test-interview-token'), ($2, $4, 'test-voice-token')) AS s (id, interview, token)
		JOIN "Interview" i ON i.id = s.interview
		ON CONFLICT DO NOTHING`

	fixtureApplication = `
		INSERT INTO "JobApplication" (id, "jobId", "candidateId", "coverLetter") VALUES ($1, $2, $3, 'I would like to work with you.')
		ON CONFLICT DO NOTHING`

	fixtureFile = `
		INSERT INTO "File" (id, name, "mimeType", size, category, "uploadedBy") VALUES ($1, 'company-logo.png', 'image/png', $2, 'LOGO', $3)
		ON CONFLICT DO NOTHING`

	fixtureContent = `INSERT INTO "FileChunk" ("fileId", n, data) VALUES ($1, 0, $2)`

	fixtureLogo = `UPDATE "RecruiterProfile" SET "logoFileId" = $2 WHERE "userId" = $1 AND "logoFileId" IS NULL`

	// The ids are of the number alone, so that a second time makes nothing twice.
	loadUsers = `
		INSERT INTO "User" (id, email, role, provider, "providerId", "fullName")
		SELECT md5('load user ' || n)::uuid::text, 'load' || n || '@test.com', 'RECRUITER', 'test', md5('load user ' || n)::uuid::text, 'Load Recruiter ' || n
		FROM generate_series(1, $1::int) n
		ON CONFLICT DO NOTHING`

	loadJobs = `
		INSERT INTO "Job" (id, "recruiterId", title, status, "approvalStatus", "approvedAt")
		SELECT md5('load job ' || n)::uuid::text, u.id, 'Load Job ' || n, 'ACTIVE', 'APPROVED', now()
		FROM generate_series(1, $1::int) n JOIN "User" u ON u.id = md5('load user ' || n)::uuid::text
		ON CONFLICT DO NOTHING`

	loadInterviews = `
		INSERT INTO "Interview" (id, "recruiterId", "jobId", "candidateEmail", "candidateName", "jobRole", "interviewUrl", "expiresAt")
		SELECT md5('load interview ' || n)::uuid::text, j."recruiterId", j.id, 'candidate' || n || '@example.com', 'Load Candidate ' || n, j.title,
			$2::text || '/interview/' || md5('load interview ' || n)::uuid || '?token=load-interview-token-' || n, now() + interval '7 days'
		FROM generate_series(1, $1::int) n JOIN "Job" j ON j.id = md5('load job ' || n)::uuid::text
		ON CONFLICT DO NOTHING`

	loadSessions = `
		INSERT INTO "InterviewSession" (id, "interviewId", token, "expiresAt")
		SELECT md5('load session ' || n)::uuid::text, i.id, 'load-interview-token-' || n, i."expiresAt"
		FROM generate_series(1, $1::int) n JOIN "Interview" i ON i.id = md5('load interview ' || n)::uuid::text
		ON CONFLICT DO NOTHING`
)

// fixtureID is an id of contract section 10.1.
func fixtureID(number string) string { return "00000000-0000-4000-8000-00000000" + number }

// Seeded is how many rows a seed has made; what was there already is not counted.
type Seeded struct{ Accounts, Jobs, Interviews, Links, Applications, Files int }

// SeedFixture adds the fixture of the original's end-to-end and load scripts
// (contract section 10.1) and, for load tests, load more recruiters with a job and an
// interview each (tokens load-interview-token-1 and so on). What is there already stays
// as it is. frontend is the origin that interview links point to. ErrConflict: another
// account has one of the e-mail addresses.
func SeedFixture(ctx context.Context, pool *pgxpool.Pool, frontend string, load int) (made Seeded, err error) {
	logo, err := fixtureImage()
	if err != nil {
		return made, err
	}
	var before int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM "User"`).Scan(&before); err != nil {
		return made, wrap("seed", "the fixture", err)
	}
	if err := SeedDevelopment(ctx, pool); err != nil {
		return made, err
	}
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		add := func(n *int, sql string, args ...any) error {
			tag, err := tx.Exec(ctx, sql, args...)
			*n += int(tag.RowsAffected())
			return err
		}
		job, text, voice, file := fixtureID("0021"), fixtureID("0031"), fixtureID("0032"), fixtureID("0061")
		for _, step := range []struct {
			n    *int
			sql  string
			args []any
		}{
			{&made.Jobs, fixtureJobs, []any{job, fixtureID("0022"), DevelopmentRecruiter, DevelopmentAdmin}},
			{&made.Interviews, fixtureInterviews, []any{text, voice, DevelopmentRecruiter, job, DevelopmentCandidate, frontend}},
			{&made.Links, fixtureSessions, []any{fixtureID("0041"), fixtureID("0042"), text, voice}},
			{&made.Applications, fixtureApplication, []any{fixtureID("0051"), job, DevelopmentCandidate}},
			{&made.Files, fixtureFile, []any{file, len(logo), DevelopmentRecruiter}},
		} {
			if err := add(step.n, step.sql, step.args...); err != nil {
				return err
			}
		}
		if made.Files > 0 {
			if _, err := tx.Exec(ctx, fixtureContent, file, logo); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, fixtureLogo, DevelopmentRecruiter, file); err != nil {
				return err
			}
		}
		if load == 0 {
			return nil
		}
		var users int
		for _, step := range []struct {
			n    *int
			sql  string
			args []any
		}{
			{&users, loadUsers, []any{load}},
			{&made.Jobs, loadJobs, []any{load}},
			{&made.Interviews, loadInterviews, []any{load, frontend}},
			{&made.Links, loadSessions, []any{load}},
		} {
			if err := add(step.n, step.sql, step.args...); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Seeded{}, wrap("seed", "the fixture", err)
	}
	var after int
	if err := pool.QueryRow(ctx, `SELECT count(*) FROM "User"`).Scan(&after); err != nil {
		return made, wrap("seed", "the fixture", err)
	}
	made.Accounts = max(0, after-before)
	return made, nil
}

// fixtureImage is a logo in the brand's colour, #3B82F6.
func fixtureImage() ([]byte, error) {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	draw.Draw(img, img.Bounds(), image.NewUniform(color.RGBA{R: 0x3B, G: 0x82, B: 0xF6, A: 0xFF}), image.Point{}, draw.Src)
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return nil, fmt.Errorf("draw the logo: %w", err)
	}
	return out.Bytes(), nil
}
