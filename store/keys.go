package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	keyColumns = `k.id, k."userId", k.name, k."keyPrefix", k.scopes, k.status, k."expiresAt", k."revokedAt", k."rateLimitPerDay", k."requestsToday", k."lastResetAt", k."lastRequestAt", k."createdAt"`

	insertKey = `
		INSERT INTO "ApiKey" AS k (id, "userId", name, "keyHash", "keyPrefix", scopes, status, "expiresAt", "rateLimitPerDay", "createdAt")
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ` + keyColumns

	ownKeys = `SELECT ` + keyColumns + ` FROM "ApiKey" k WHERE k."userId" = $1 ORDER BY k."createdAt" DESC, k.id DESC LIMIT 1000`

	ownedKeyColumns = keyColumns + `, u.email, u."fullName", (SELECT count(*) FROM "ApiUsageLog" l WHERE l."apiKeyId" = k.id)`

	ownedKeys = `"ApiKey" k JOIN "User" u ON u.id = k."userId"`

	lockKey = `SELECT ` + keyColumns + ` FROM "ApiKey" k WHERE k.id = $1 FOR UPDATE`

	updateKey = `UPDATE "ApiKey" k SET name = $2, scopes = $3, "rateLimitPerDay" = $4, status = $5, "revokedAt" = $6 WHERE k.id = $1 RETURNING ` + keyColumns

	// One row update decides and counts, so that of any number of requests at once
	// exactly as many pass as the limit has. What an earlier day used counts no more
	// (UTC).
	countKey = `
		UPDATE "ApiKey" k SET
			"requestsToday" = CASE WHEN coalesce(k."lastResetAt", 'epoch') < $3 THEN 1 ELSE k."requestsToday" + 1 END,
			"lastResetAt" = CASE WHEN coalesce(k."lastResetAt", 'epoch') < $3 THEN $3 ELSE k."lastResetAt" END,
			"lastRequestAt" = $2
		FROM "User" u
		WHERE k."keyHash" = $1 AND k.status = 'ACTIVE' AND (k."expiresAt" IS NULL OR k."expiresAt" > $2) AND u.id = k."userId"
			AND (coalesce(k."lastResetAt", 'epoch') < $3 OR k."requestsToday" < k."rateLimitPerDay")
		RETURNING ` + keyColumns + `, u.id, u.email, u.role, true`

	// The first use after its end marks a key, as nothing else looks for it.
	expireKey = `UPDATE "ApiKey" SET status = 'EXPIRED' WHERE "keyHash" = $1 AND status = 'ACTIVE' AND "expiresAt" <= $2`

	peekKey = `SELECT ` + keyColumns + `, u.id, u.email, u.role, false FROM ` + ownedKeys + ` WHERE k."keyHash" = $1`

	keyLogColumns = `l.id, l."apiKeyId", l.endpoint, l.method, l."statusCode", l."responseTimeMs", l."ipAddress", l."createdAt"`
)

// Keys implements hiring.KeyStore.
type Keys struct{ pool *pgxpool.Pool }

var _ hiring.KeyStore = (*Keys)(nil)

// NewKeys stores API keys through the pool.
func NewKeys(pool *pgxpool.Pool) *Keys { return &Keys{pool} }

func apiKeyTargets(k *hiring.Key) []any {
	return []any{&k.ID, &k.UserID, &k.Name, &k.Prefix, &k.Scopes, &k.Status, &k.ExpiresAt, &k.RevokedAt, &k.RateLimitPerDay, &k.RequestsToday, &k.LastResetAt, &k.LastRequestAt, &k.CreatedAt}
}

func scanAPIKey(row pgx.CollectableRow) (hiring.Key, error) {
	var k hiring.Key
	return k, row.Scan(apiKeyTargets(&k)...)
}

func scanOwnedKey(row pgx.CollectableRow) (hiring.OwnedKey, error) {
	var k hiring.OwnedKey
	return k, row.Scan(append(apiKeyTargets(&k.Key), &k.OwnerEmail, &k.OwnerName, &k.Uses)...)
}

func scanCountedKey(row pgx.CollectableRow) (hiring.CountedKey, error) {
	var k hiring.CountedKey
	return k, row.Scan(append(apiKeyTargets(&k.Key), &k.Owner.ID, &k.Owner.Email, &k.Owner.Role, &k.Counted)...)
}

// Create implements hiring.KeyStore.
func (s *Keys) Create(ctx context.Context, k hiring.Key, hash string) (hiring.Key, error) {
	row, err := one(ctx, s.pool, scanAPIKey, insertKey, uuid.NewString(), k.UserID, k.Name, hash, k.Prefix, k.Scopes, k.Status, millisOrNull(k.ExpiresAt), k.RateLimitPerDay, millis(k.CreatedAt))
	return row, wrap("create", "API key", err)
}

// Own implements hiring.KeyStore.
func (s *Keys) Own(ctx context.Context, userID string) ([]hiring.Key, error) {
	rows, err := s.pool.Query(ctx, ownKeys, userID)
	if err != nil {
		return nil, wrap("list API keys of user", userID, err)
	}
	keys, err := pgx.CollectRows(rows, scanAPIKey)
	return keys, wrap("list API keys of user", userID, err)
}

// Get implements hiring.KeyStore.
func (s *Keys) Get(ctx context.Context, id string) (hiring.OwnedKey, error) {
	if !known(id) {
		return hiring.OwnedKey{}, wrap("get API key", "", pgx.ErrNoRows)
	}
	row, err := one(ctx, s.pool, scanOwnedKey, "SELECT "+ownedKeyColumns+" FROM "+ownedKeys+" WHERE k.id = $1", id)
	return row, wrap("get API key", id, err)
}

// List implements hiring.KeyStore.
func (s *Keys) List(ctx context.Context, status hiring.KeyStatus, at time.Time, q hiring.PageQuery) (hiring.Page[hiring.OwnedKey], error) {
	l := listing{
		columns: ownedKeyColumns, from: ownedKeys, at: `k."createdAt"`, id: "k.id",
		where: `$1 = '' OR $1 = CASE WHEN k.status = 'ACTIVE' AND k."expiresAt" <= $2 THEN 'EXPIRED' ELSE k.status::text END`, args: []any{status, at},
	}
	page, err := listPage(ctx, s.pool, l, q, scanOwnedKey, func(k hiring.OwnedKey) (time.Time, string) { return k.CreatedAt, k.ID })
	return page, wrap("list", "API keys", err)
}

// Change implements hiring.KeyStore.
func (s *Keys) Change(ctx context.Context, id string, decide func(*hiring.Key) error) (key hiring.Key, err error) {
	if !known(id) {
		return key, wrap("change API key", "", pgx.ErrNoRows)
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if key, err = one(ctx, tx, scanAPIKey, lockKey, id); err != nil {
			return err
		}
		if err := decide(&key); err != nil {
			return err
		}
		key, err = one(ctx, tx, scanAPIKey, updateKey, id, key.Name, key.Scopes, key.RateLimitPerDay, key.Status, millisOrNull(key.RevokedAt))
		return err
	})
	return key, wrap("change API key", id, err)
}

// Delete implements hiring.KeyStore.
func (s *Keys) Delete(ctx context.Context, id string, decide func(hiring.Key) error) error {
	if !known(id) {
		return wrap("delete API key", "", pgx.ErrNoRows)
	}
	return wrap("delete API key", id, pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		key, err := one(ctx, tx, scanAPIKey, lockKey, id)
		if err != nil {
			return err
		}
		if err := decide(key); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM "ApiKey" WHERE id = $1`, id)
		return err
	}))
}

// Logs implements hiring.KeyStore.
func (s *Keys) Logs(ctx context.Context, id string, q hiring.PageQuery) (hiring.Page[hiring.KeyLog], error) {
	l := listing{columns: keyLogColumns, from: `"ApiUsageLog" l`, where: `l."apiKeyId" = $1`, args: []any{id}, at: `l."createdAt"`, id: "l.id"}
	page, err := listPage(ctx, s.pool, l, q, func(row pgx.CollectableRow) (hiring.KeyLog, error) {
		var e hiring.KeyLog
		return e, row.Scan(&e.ID, &e.KeyID, &e.Endpoint, &e.Method, &e.Status, &e.Took, &e.RemoteAddr, &e.CreatedAt)
	}, func(e hiring.KeyLog) (time.Time, string) { return e.CreatedAt, e.ID })
	return page, wrap("list log of API key", id, err)
}

// Count implements hiring.KeyStore.
func (s *Keys) Count(ctx context.Context, hash string, at time.Time) (hiring.CountedKey, error) {
	key, err := one(ctx, s.pool, scanCountedKey, countKey, hash, millis(at), millis(at).Truncate(24*time.Hour))
	if !isMissing(err) {
		return key, wrap("count use of", "API key", err)
	}
	// There is none, or it may not be used.
	key, err = s.Peek(ctx, hash)
	if err != nil || key.Status != hiring.KeyActive || key.ExpiresAt == nil || key.ExpiresAt.After(at) {
		return key, err
	}
	_, err = s.pool.Exec(ctx, expireKey, hash, millis(at))
	return key, wrap("expire", "API key", err)
}

// Peek implements hiring.KeyStore.
func (s *Keys) Peek(ctx context.Context, hash string) (hiring.CountedKey, error) {
	key, err := one(ctx, s.pool, scanCountedKey, peekKey, hash)
	return key, wrap("find", "API key", err)
}

// Plan implements hiring.KeyStore.
func (s *Keys) Plan(ctx context.Context, userID string) (hiring.Subscription, error) {
	plan, err := one(ctx, s.pool, pgx.RowTo[hiring.Subscription], `SELECT "subscriptionStatus"::text FROM "RecruiterProfile" WHERE "userId" = $1`, userID)
	if isMissing(err) {
		return hiring.SubscriptionFree, nil
	}
	return plan, wrap("read subscription of user", userID, err)
}
