package store

import (
	"context"
	"errors"
	"reflect"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	applicationColumns = `a.id, a."jobId", a."candidateId", a."coverLetter", a."resumeFileId", a.notes, a.status, a."reviewedAt", a."appliedAt", a."updatedAt"`

	// An application has no foreign key to its candidate, so what holds him against
	// his deletion is this.
	keepUser = `SELECT id FROM "User" WHERE id = $1 FOR KEY SHARE`

	// The resume is the named one if the candidate uploaded it, else that of his
	// profile (contract section 2.7).
	insertApplication = `
		INSERT INTO "JobApplication" AS a (id, "jobId", "candidateId", "coverLetter", notes, "appliedAt", "updatedAt", "resumeFileId")
		VALUES ($1, $2, $3, $4, $5, $6, $6, coalesce(
			(SELECT f.id FROM "File" f WHERE f.id = $7 AND f."uploadedBy" = $3 AND f.category = 'RESUME'),
			(SELECT p."resumeFileId" FROM "CandidateProfile" p WHERE p."userId" = $3)))
		RETURNING ` + applicationColumns

	// A resume that was uploaded for an application that did not exist yet hangs on
	// this one from now on; one that belongs to a profile stays there.
	attachResume = `
		UPDATE "File" f SET "jobApplicationId" = $2
		WHERE f.id = $1 AND f."jobApplicationId" IS NULL AND f."interviewId" IS NULL
			AND NOT EXISTS (SELECT FROM "CandidateProfile" p WHERE p."resumeFileId" = f.id)
			AND NOT EXISTS (SELECT FROM "JobApplication" o WHERE o."resumeFileId" = f.id AND o.id <> $2)`

	// A resume that something else shows as well outlives the application it hangs on.
	keepSharedResumes = `
		UPDATE "File" f SET "jobApplicationId" = NULL
		WHERE f."jobApplicationId" = ANY ($1) AND (
			EXISTS (SELECT FROM "CandidateProfile" p WHERE p."resumeFileId" = f.id)
			OR EXISTS (SELECT FROM "JobApplication" o WHERE o."resumeFileId" = f.id AND o.id <> ALL ($1))
			OR EXISTS (SELECT FROM "Interview" i WHERE i."candidateResumeFileId" = f.id))`

	updateApplication = `
		UPDATE "JobApplication" a SET "coverLetter" = $2, notes = $3, status = $4, "reviewedAt" = $5, ` + nextVersion + `
		WHERE a.id = $1 RETURNING ` + applicationColumns

	selectApplicationAndJob = `SELECT ` + applicationColumns + `, ` + jobColumns + ` FROM "JobApplication" a JOIN "Job" j ON j.id = a."jobId" WHERE a.id = $1`

	listedApplicationColumns = applicationColumns + `, ` + jobColumns + `, r.email, r."fullName", rp."companyName", rp.id IS NOT NULL,
		f.id, f.name, f."mimeType", f.size, f.category, f."createdAt",
		u.id, u.email, u."fullName", u."avatarUrl", p.id IS NOT NULL, p."fullName", p.email, p.phone, p.bio, p.skills, p."experienceYears", p."linkedinUrl", p."portfolioUrl"`

	listedApplications = `"JobApplication" a JOIN "Job" j ON j.id = a."jobId" JOIN "User" r ON r.id = j."recruiterId"
		LEFT JOIN "RecruiterProfile" rp ON rp."userId" = r.id
		LEFT JOIN "File" f ON f.id = a."resumeFileId"
		LEFT JOIN "User" u ON u.id = a."candidateId" LEFT JOIN "CandidateProfile" p ON p."userId" = a."candidateId"`

	selectApplicationFiles = `
		SELECT id, name, "mimeType", size, category, "createdAt" FROM "File" WHERE "jobApplicationId" = $1 ORDER BY "createdAt" DESC, id LIMIT 1000`
)

// Applications implements hiring.ApplicationStore.
type Applications struct{ pool *pgxpool.Pool }

var _ hiring.ApplicationStore = (*Applications)(nil)

// NewApplications stores applications through the pool.
func NewApplications(pool *pgxpool.Pool) *Applications { return &Applications{pool} }

func applicationTargets(a *hiring.Application) []any {
	return []any{&a.ID, &a.JobID, &a.CandidateID, &a.CoverLetter, &a.ResumeFileID, &a.Notes, &a.Status, &a.ReviewedAt, &a.AppliedAt, &a.UpdatedAt}
}

func scanApplication(row pgx.CollectableRow) (hiring.Application, error) {
	var a hiring.Application
	return a, row.Scan(applicationTargets(&a)...)
}

type applicationAndJob struct {
	application hiring.Application
	job         hiring.Job
}

func scanApplicationAndJob(row pgx.CollectableRow) (applicationAndJob, error) {
	var b applicationAndJob
	return b, row.Scan(append(applicationTargets(&b.application), jobTargets(&b.job)...)...)
}

func scanListedApplication(row pgx.CollectableRow) (hiring.ListedApplication, error) {
	var (
		l                        hiring.ListedApplication
		fileID, fileName, mime   *string
		fileSize                 *int64
		category                 *hiring.FileCategory
		uploaded                 *time.Time
		userID, email, name, pic *string
		p                        hiring.Applicant
		skills                   []string
	)
	targets := append(applicationTargets(&l.Application), jobTargets(&l.Job)...)
	targets = append(targets, &l.RecruiterEmail, &l.RecruiterName, &l.CompanyName, &l.RecruiterHasProfile,
		&fileID, &fileName, &mime, &fileSize, &category, &uploaded,
		&userID, &email, &name, &pic, &p.HasProfile, &p.FullName, &p.Email, &p.Phone, &p.Bio, &skills, &p.ExperienceYears, &p.LinkedinURL, &p.PortfolioURL)
	if err := row.Scan(targets...); err != nil {
		return l, err
	}
	if fileID != nil {
		l.Resume = &hiring.FileRef{ID: *fileID, Name: *fileName, MimeType: *mime, Size: *fileSize, Category: *category, CreatedAt: *uploaded}
	}
	if userID != nil {
		p.ID, p.AvatarURL, p.UserEmail, p.UserFullName, p.Skills = *userID, pic, *email, name, skills
		if p.FullName == nil {
			p.FullName = name
		}
		if p.Email == nil {
			p.Email = email
		}
		l.Applicant = &p
	}
	return l, nil
}

// Create implements hiring.ApplicationStore. The job is locked, so that it is not
// closed or deleted meanwhile.
func (s *Applications) Create(ctx context.Context, n hiring.NewApplication, candidateID string, at time.Time, accept func(hiring.Job) error) (row hiring.Application, job hiring.Job, err error) {
	if !known(n.JobID) {
		return row, job, wrap("apply for job", "", pgx.ErrNoRows)
	}
	if err := checkTexts(field{"coverLetter", orEmpty(n.CoverLetter)}, field{"notes", orEmpty(n.Notes)}, field{"resumeFileId", orEmpty(n.ResumeFileID)}); err != nil {
		return row, job, wrap("apply for job", n.JobID, err)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err = one(ctx, tx, pgx.RowTo[string], keepUser, candidateID); err != nil {
			return err
		}
		if job, err = one(ctx, tx, scanJob, selectJob+" FOR SHARE", n.JobID); err != nil {
			return err
		}
		if err := accept(job); err != nil {
			return err
		}
		if row, err = one(ctx, tx, scanApplication, insertApplication, uuid.NewString(), n.JobID, candidateID, n.CoverLetter, n.Notes, millis(at), n.ResumeFileID); err != nil {
			return err
		}
		if row.ResumeFileID != nil {
			_, err = tx.Exec(ctx, attachResume, *row.ResumeFileID, row.ID)
		}
		return err
	})
	return row, job, wrap("apply for job", n.JobID, err)
}

// Get implements hiring.ApplicationStore.
func (s *Applications) Get(ctx context.Context, id string) (hiring.ListedApplication, error) {
	if !known(id) {
		return hiring.ListedApplication{}, wrap("get application", "", pgx.ErrNoRows)
	}
	row, err := one(ctx, s.pool, scanListedApplication, "SELECT "+listedApplicationColumns+" FROM "+listedApplications+" WHERE a.id = $1", id)
	if err != nil {
		return row, wrap("get application", id, err)
	}
	rows, err := s.pool.Query(ctx, selectApplicationFiles, id)
	if err != nil {
		return row, wrap("get files of application", id, err)
	}
	row.Files, err = pgx.CollectRows(rows, scanFileRef)
	return row, wrap("get files of application", id, err)
}

func scanFileRef(row pgx.CollectableRow) (hiring.FileRef, error) {
	var f hiring.FileRef
	return f, row.Scan(&f.ID, &f.Name, &f.MimeType, &f.Size, &f.Category, &f.CreatedAt)
}

// List implements hiring.ApplicationStore.
func (s *Applications) List(ctx context.Context, f hiring.ApplicationFilter, q hiring.PageQuery) (hiring.Page[hiring.ListedApplication], error) {
	if !known(f.JobID) {
		f.JobID = "-" // no job has such an id
	}
	l := listing{
		columns: listedApplicationColumns, from: listedApplications, at: `a."appliedAt"`, id: "a.id", updated: `a."updatedAt"`,
		where: `($1 = '' OR j."recruiterId" = $1) AND ($2 = '' OR a."candidateId" = $2) AND ($3 = '' OR a."jobId" = $3) AND ($4 = '' OR a.status::text = $4)`,
		args:  []any{f.RecruiterID, f.CandidateID, f.JobID, f.Status},
	}
	page, err := listPage(ctx, s.pool, l, q, scanListedApplication, func(a hiring.ListedApplication) (time.Time, string) { return a.AppliedAt, a.ID })
	return page, wrap("list", "applications", err)
}

// Change implements hiring.ApplicationStore.
func (s *Applications) Change(ctx context.Context, id string, decide func(*hiring.Application, hiring.Job) error) (hiring.Application, hiring.Job, error) {
	return s.locked(ctx, "change application", id, func(tx pgx.Tx, b *applicationAndJob) error {
		before := b.application
		if err := decide(&b.application, b.job); err != nil {
			return err
		}
		a := b.application
		if reflect.DeepEqual(before, a) {
			return nil // nothing to store, and no new version
		}
		if err := checkTexts(field{"coverLetter", orEmpty(a.CoverLetter)}, field{"notes", orEmpty(a.Notes)}); err != nil {
			return err
		}
		var err error
		b.application, err = one(ctx, tx, scanApplication, updateApplication, id, a.CoverLetter, a.Notes, a.Status, millisOrNull(a.ReviewedAt))
		return err
	})
}

// Delete implements hiring.ApplicationStore.
func (s *Applications) Delete(ctx context.Context, id string, decide func(hiring.Application, hiring.Job) error) (hiring.Application, hiring.Job, error) {
	return s.locked(ctx, "delete application", id, func(tx pgx.Tx, b *applicationAndJob) error {
		if err := decide(b.application, b.job); err != nil {
			return err
		}
		return deleteApplications(ctx, tx, []string{id})
	})
}

// deleteApplications removes applications, which are locked, with the files that hang
// on them alone.
func deleteApplications(ctx context.Context, tx pgx.Tx, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	if _, err := tx.Exec(ctx, keepSharedResumes, ids); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM "JobApplication" WHERE id = ANY ($1)`, ids)
	return err
}

// locked runs f in a transaction that has the application locked.
func (s *Applications) locked(ctx context.Context, op, id string, f func(pgx.Tx, *applicationAndJob) error) (hiring.Application, hiring.Job, error) {
	if !known(id) {
		return hiring.Application{}, hiring.Job{}, wrap(op, "", pgx.ErrNoRows)
	}
	var b applicationAndJob
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
		if b, err = one(ctx, tx, scanApplicationAndJob, selectApplicationAndJob+" FOR UPDATE OF a", id); err != nil {
			return err
		}
		return f(tx, &b)
	})
	if err != nil {
		var refused *hiring.RefusedError
		if errors.As(err, &refused) {
			return hiring.Application{}, hiring.Job{}, err
		}
		return hiring.Application{}, hiring.Job{}, wrap(op, id, err)
	}
	return b.application, b.job, nil
}
