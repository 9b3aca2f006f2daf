package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const selectUser = `
	SELECT id, email, role, provider, "providerId", "fullName", "avatarUrl", "createdAt", "updatedAt", "lastLoginAt"
	FROM "User" WHERE id = $1`

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
	u, err := one(ctx, s.pool, func(row pgx.CollectableRow) (hiring.User, error) {
		var u hiring.User
		return u, row.Scan(&u.ID, &u.Email, &u.Role, &u.Provider, &u.ProviderID, &u.FullName, &u.AvatarURL, &u.CreatedAt, &u.UpdatedAt, &u.LastLoginAt)
	}, selectUser, id)
	return u, wrap("get user", id, err)
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
