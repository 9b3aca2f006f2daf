package store

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

// The accounts for development: those the original's end-to-end and load scripts
// expect (contract section 10.1).
const (
	DevelopmentRecruiter = "00000000-0000-4000-8000-000000000001"
	DevelopmentCandidate = "00000000-0000-4000-8000-000000000002"
	DevelopmentAdmin     = "00000000-0000-4000-8000-000000000003"

	developmentRecruiterProfile = "00000000-0000-4000-8000-000000000011"
	developmentCandidateProfile = "00000000-0000-4000-8000-000000000012"
)

const (
	seedUser = `
		INSERT INTO "User" (id, email, role, provider, "providerId", "fullName") VALUES ($1, $2, $3, 'test', $1, $4)
		ON CONFLICT (id) DO NOTHING`

	seedRecruiterProfile = `
		INSERT INTO "RecruiterProfile" (id, "userId", "companyName", "brandColor") VALUES ($1, $2, 'Test Company Inc.', '#3B82F6')
		ON CONFLICT DO NOTHING`

	seedCandidateProfile = `
		INSERT INTO "CandidateProfile" (id, "userId", "fullName", email, phone, skills, "experienceYears")
		VALUES ($1, $2, 'Test Candidate', 'candidate@test.com', '+1234567890', '{TypeScript,React,Node.js}', 5)
		ON CONFLICT DO NOTHING`
)

// SeedDevelopment adds the accounts for development with their profiles. What is
// there already stays as it is, so it may run at every start. ErrConflict:
// another account has one of their e-mail addresses.
func SeedDevelopment(ctx context.Context, pool *pgxpool.Pool) error {
	err := pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
		var all pgx.Batch
		all.Queue(seedUser, DevelopmentRecruiter, "recruiter@test.com", hiring.RoleRecruiter, "Test Recruiter")
		all.Queue(seedUser, DevelopmentCandidate, "candidate@test.com", hiring.RoleCandidate, "Test Candidate")
		all.Queue(seedUser, DevelopmentAdmin, "admin@test.com", hiring.RoleAdmin, "Test Admin")
		all.Queue(seedRecruiterProfile, developmentRecruiterProfile, DevelopmentRecruiter)
		all.Queue(seedCandidateProfile, developmentCandidateProfile, DevelopmentCandidate)
		return tx.SendBatch(ctx, &all).Close()
	})
	if err != nil {
		return wrap("seed", "the accounts for development", err)
	}
	return nil
}
