package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	userColumns = `id, email, role, provider, "providerId", "fullName", "avatarUrl", "createdAt", "updatedAt", "lastLoginAt"`

	selectUser = `SELECT ` + userColumns + ` FROM "User" WHERE id = $1`

	// An account of a real provider with the same address is never taken over: then
	// no row comes back.
	ensureTestUser = `
		INSERT INTO "User" (email, role, provider, "providerId", "fullName", "lastLoginAt") VALUES ($1, $2, 'test', 'test-' || $1, $3, now())
		ON CONFLICT (email) DO UPDATE SET role = excluded.role, "fullName" = coalesce(excluded."fullName", "User"."fullName"), "lastLoginAt" = now()
		WHERE "User".provider = 'test'
		RETURNING ` + userColumns

	ensureRecruiterProfile = `INSERT INTO "RecruiterProfile" ("userId") VALUES ($1) ON CONFLICT DO NOTHING`

	ensureCandidateProfile = `
		INSERT INTO "CandidateProfile" ("userId", "fullName", email) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
)

// Users implements hiring.Users.
type Users struct{ pool *pgxpool.Pool }

var _ hiring.Users = (*Users)(nil)

// NewUsers reads accounts through the pool.
func NewUsers(pool *pgxpool.Pool) *Users { return &Users{pool} }

// ByID implements hiring.Users.
func (s *Users) ByID(ctx context.Context, id string) (hiring.User, error) {
	if !known(id) {
		return hiring.User{}, fmt.Errorf("get user %q: %w", id, hiring.ErrNotFound)
	}
	u, err := one(ctx, s.pool, scanUser, selectUser, id)
	return u, wrap("get user", id, err)
}

// scanUser is in the order of userColumns.
func scanUser(row pgx.CollectableRow) (hiring.User, error) {
	var u hiring.User
	return u, row.Scan(&u.ID, &u.Email, &u.Role, &u.Provider, &u.ProviderID, &u.FullName, &u.AvatarURL, &u.CreatedAt, &u.UpdatedAt, &u.LastLoginAt)
}

// EnsureTestUser implements hiring.Users.
func (s *Users) EnsureTestUser(ctx context.Context, email string, role hiring.UserRole, fullName *string) (hiring.User, error) {
	if err := checkTexts(field{"email", email}, field{"fullName", orEmpty(fullName)}); err != nil {
		return hiring.User{}, fmt.Errorf("ensure test user: %w", err)
	}
	var user hiring.User
	err := pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, ensureTestUser, email, role, fullName)
		if err != nil {
			return err
		}
		if user, err = pgx.CollectExactlyOneRow(rows, scanUser); errors.Is(err, pgx.ErrNoRows) {
			return hiring.ErrConflict
		}
		if err != nil {
			return err
		}
		if role == hiring.RoleCandidate {
			_, err = tx.Exec(ctx, ensureCandidateProfile, user.ID, user.FullName, user.Email)
		} else {
			_, err = tx.Exec(ctx, ensureRecruiterProfile, user.ID)
		}
		return err
	})
	return user, wrap("ensure", "test user", err)
}

// EnsureDevelopmentRecruiter implements hiring.Users.
func (s *Users) EnsureDevelopmentRecruiter(ctx context.Context) (hiring.User, error) {
	if u, err := s.ByID(ctx, DevelopmentRecruiter); err == nil {
		return u, nil
	}
	if err := SeedDevelopment(ctx, s.pool); err != nil {
		return hiring.User{}, err
	}
	return s.ByID(ctx, DevelopmentRecruiter)
}

// Rename implements hiring.Users.
func (s *Users) Rename(ctx context.Context, id string, fullName *string) (hiring.User, error) {
	if err := checkTexts(field{"fullName", orEmpty(fullName)}); err != nil {
		return hiring.User{}, wrap("rename user", id, err)
	}
	u, err := one(ctx, s.pool, scanUser, `UPDATE "User" SET "fullName" = coalesce($2, "fullName") WHERE id = $1 RETURNING `+userColumns, id, fullName)
	return u, wrap("rename user", id, err)
}
