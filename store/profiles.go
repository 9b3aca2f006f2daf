package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	recruiterProfileColumns = `p.id, p."userId", p."companyName", p."logoFileId", p."brandColor", p."emailIntro", p."emailTips", p."emailCtaText",
		p."subscriptionStatus", p."subscriptionUpdatedAt", p."createdAt", p."updatedAt"`

	candidateProfileColumns = `p.id, p."userId", p."fullName", p.email, p.phone, p.bio, p.skills, p."experienceYears", p."resumeFileId", p."linkedinUrl", p."portfolioUrl", p."createdAt", p."updatedAt"`

	selectRecruiterProfile = `SELECT ` + recruiterProfileColumns + ` FROM "RecruiterProfile" p WHERE p."userId" = $1`
	selectCandidateProfile = `SELECT ` + candidateProfileColumns + ` FROM "CandidateProfile" p WHERE p."userId" = $1`

	// A candidate's new profile begins with what the account knows.
	newCandidateProfile = `
		INSERT INTO "CandidateProfile" ("userId", "fullName", email) SELECT id, "fullName", email FROM "User" WHERE id = $1 ON CONFLICT DO NOTHING`

	// updatedAt is a profile's version: it rises with each change, whatever the clock
	// says.
	updateRecruiterProfile = `
		UPDATE "RecruiterProfile" p SET "companyName" = $2, "logoFileId" = $3, "brandColor" = $4, "emailIntro" = $5, "emailTips" = $6, "emailCtaText" = $7,
			"updatedAt" = greatest(now(), p."updatedAt" + interval '1 millisecond')
		WHERE p."userId" = $1 RETURNING ` + recruiterProfileColumns

	updateCandidateProfile = `
		UPDATE "CandidateProfile" p SET "fullName" = $2, email = $3, phone = $4, bio = $5, skills = $6, "experienceYears" = $7, "resumeFileId" = $8,
			"linkedinUrl" = $9, "portfolioUrl" = $10, "updatedAt" = greatest(now(), p."updatedAt" + interval '1 millisecond')
		WHERE p."userId" = $1 RETURNING ` + candidateProfileColumns
)

// Profiles implements hiring.Profiles.
type Profiles struct{ pool *pgxpool.Pool }

var _ hiring.Profiles = (*Profiles)(nil)

// NewProfiles stores profiles through the pool.
func NewProfiles(pool *pgxpool.Pool) *Profiles { return &Profiles{pool} }

func scanRecruiterProfile(row pgx.CollectableRow) (hiring.RecruiterProfile, error) {
	var p hiring.RecruiterProfile
	return p, row.Scan(&p.ID, &p.UserID, &p.CompanyName, &p.LogoFileID, &p.BrandColor, &p.EmailIntro, &p.EmailTips, &p.EmailCTAText,
		&p.Subscription, &p.SubscriptionUpdatedAt, &p.CreatedAt, &p.UpdatedAt)
}

func scanCandidateProfile(row pgx.CollectableRow) (hiring.CandidateProfile, error) {
	var p hiring.CandidateProfile
	return p, row.Scan(&p.ID, &p.UserID, &p.FullName, &p.Email, &p.Phone, &p.Bio, &p.Skills, &p.ExperienceYears, &p.ResumeFileID,
		&p.LinkedinURL, &p.PortfolioURL, &p.CreatedAt, &p.UpdatedAt)
}

// ensured reads a profile, and makes it first when there is none.
func ensured[P any](ctx context.Context, pool *pgxpool.Pool, scan pgx.RowToFunc[P], read, create, userID string) (P, error) {
	p, err := one(ctx, pool, scan, read, userID)
	if isMissing(err) {
		if _, err = pool.Exec(ctx, create, userID); err == nil {
			p, err = one(ctx, pool, scan, read, userID)
		}
	}
	return p, wrap("get profile of user", userID, err)
}

// Recruiter implements hiring.Profiles.
func (s *Profiles) Recruiter(ctx context.Context, userID string) (hiring.RecruiterProfile, error) {
	return ensured(ctx, s.pool, scanRecruiterProfile, selectRecruiterProfile, ensureRecruiterProfile, userID)
}

// Candidate implements hiring.Profiles.
func (s *Profiles) Candidate(ctx context.Context, userID string) (hiring.CandidateProfile, error) {
	return ensured(ctx, s.pool, scanCandidateProfile, selectCandidateProfile, newCandidateProfile, userID)
}

// Find implements hiring.Profiles.
func (s *Profiles) Find(ctx context.Context, userID string) (r *hiring.RecruiterProfile, c *hiring.CandidateProfile, err error) {
	recruiter, err := one(ctx, s.pool, scanRecruiterProfile, selectRecruiterProfile, userID)
	switch {
	case err == nil:
		r = &recruiter
	case !isMissing(err):
		return nil, nil, wrap("find profiles of user", userID, err)
	}
	candidate, err := one(ctx, s.pool, scanCandidateProfile, selectCandidateProfile, userID)
	switch {
	case err == nil:
		c = &candidate
	case !isMissing(err):
		return nil, nil, wrap("find profiles of user", userID, err)
	}
	return r, c, nil
}

// ChangeRecruiter implements hiring.Profiles.
func (s *Profiles) ChangeRecruiter(ctx context.Context, userID string, change func(*hiring.RecruiterProfile) error) (hiring.RecruiterProfile, error) {
	p, err := changeProfile(ctx, s.pool, scanRecruiterProfile, selectRecruiterProfile, ensureRecruiterProfile, userID, func(p *hiring.RecruiterProfile) (string, []any, error) {
		if err := change(p); err != nil {
			return "", nil, err
		}
		err := checkTexts(field{"companyName", orEmpty(p.CompanyName)}, field{"logoFileId", orEmpty(p.LogoFileID)}, field{"brandColor", orEmpty(p.BrandColor)},
			field{"emailIntro", orEmpty(p.EmailIntro)}, field{"emailTips", orEmpty(p.EmailTips)}, field{"emailCtaText", orEmpty(p.EmailCTAText)})
		return updateRecruiterProfile, []any{p.CompanyName, p.LogoFileID, p.BrandColor, p.EmailIntro, p.EmailTips, p.EmailCTAText}, err
	})
	return p, wrap("change profile of user", userID, err)
}

// ChangeCandidate implements hiring.Profiles.
func (s *Profiles) ChangeCandidate(ctx context.Context, userID string, change func(*hiring.CandidateProfile) error) (hiring.CandidateProfile, error) {
	p, err := changeProfile(ctx, s.pool, scanCandidateProfile, selectCandidateProfile, newCandidateProfile, userID, func(p *hiring.CandidateProfile) (string, []any, error) {
		if err := change(p); err != nil {
			return "", nil, err
		}
		err := checkTexts(field{"fullName", orEmpty(p.FullName)}, field{"email", orEmpty(p.Email)}, field{"phone", orEmpty(p.Phone)}, field{"bio", orEmpty(p.Bio)},
			field{"resumeFileId", orEmpty(p.ResumeFileID)}, field{"linkedinUrl", orEmpty(p.LinkedinURL)}, field{"portfolioUrl", orEmpty(p.PortfolioURL)})
		return updateCandidateProfile, []any{p.FullName, p.Email, p.Phone, p.Bio, p.Skills, p.ExperienceYears, p.ResumeFileID, p.LinkedinURL, p.PortfolioURL}, err
	})
	return p, wrap("change profile of user", userID, err)
}

// changeProfile reads a profile under its lock, and stores what update makes of it.
func changeProfile[P any](ctx context.Context, pool *pgxpool.Pool, scan pgx.RowToFunc[P], read, create, userID string, update func(*P) (string, []any, error)) (p P, err error) {
	err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, create, userID); err != nil {
			return err
		}
		if p, err = one(ctx, tx, scan, read+" FOR UPDATE", userID); err != nil {
			return err
		}
		sql, args, err := update(&p)
		if err != nil {
			return err
		}
		p, err = one(ctx, tx, scan, sql, append([]any{userID}, args...)...)
		return err
	})
	return p, err
}

// OwnsFile implements hiring.Profiles.
func (s *Profiles) OwnsFile(ctx context.Context, userID, fileID string, category hiring.FileCategory) (own bool, err error) {
	if !known(fileID) {
		return false, nil
	}
	err = s.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM "File" WHERE id = $1 AND "uploadedBy" = $2 AND category = $3::text::"FileCategory")`, fileID, userID, category).Scan(&own)
	return own, wrap("find file", fileID, err)
}
