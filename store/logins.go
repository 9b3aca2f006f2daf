package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vantahire/vantahire/hiring"
)

const (
	loginPrefix = "session:"
	// loginsPrefix is before a user's id; the set there holds the ids of his sessions.
	loginsPrefix = "sessions:"
)

// Logins implements hiring.Logins on Redis. The keys and values are the contract's
// (section 1.2): session:<id> holds a JSON document until the session runs out.
type Logins struct {
	redis *redis.Client
	ttl   time.Duration
}

var _ hiring.Logins = (*Logins)(nil)

// NewLogins stores sessions that live for ttl, which is not renewed.
func NewLogins(client *redis.Client, ttl time.Duration) *Logins { return &Logins{client, ttl} }

// loginDocument is the value of a session's key.
type loginDocument struct {
	UserID    string          `json:"userId"`
	Email     string          `json:"email"`
	Role      hiring.UserRole `json:"role"`
	CreatedAt int64           `json:"createdAt"` // milliseconds since 1970
}

// Open implements hiring.Logins.
func (s *Logins) Open(ctx context.Context, user hiring.User) (hiring.Login, error) {
	now := millis(time.Now())
	login := hiring.Login{ID: hiring.NewToken(), UserID: user.ID, Email: user.Email, Role: user.Role, CreatedAt: now}
	document, err := json.Marshal(loginDocument{user.ID, user.Email, user.Role, now.UnixMilli()})
	if err != nil {
		return hiring.Login{}, fmt.Errorf("open session of user %s: %w", user.ID, err)
	}
	_, err = s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Set(ctx, loginPrefix+login.ID, document, s.ttl)
		p.SAdd(ctx, loginsPrefix+user.ID, login.ID)
		p.Expire(ctx, loginsPrefix+user.ID, s.ttl)
		return nil
	})
	if err != nil {
		return hiring.Login{}, fmt.Errorf("open session of user %s: %w", user.ID, err)
	}
	return login, nil
}

// Find implements hiring.Logins. Its errors never repeat the id.
func (s *Logins) Find(ctx context.Context, id string) (hiring.Login, error) {
	raw, err := s.redis.Get(ctx, loginPrefix+id).Bytes()
	if errors.Is(err, redis.Nil) {
		return hiring.Login{}, fmt.Errorf("find session: %w", hiring.ErrNotFound)
	}
	if err != nil {
		return hiring.Login{}, fmt.Errorf("find session: %w", err)
	}
	var d loginDocument
	if err := json.Unmarshal(raw, &d); err != nil || d.UserID == "" {
		return hiring.Login{}, fmt.Errorf("find session: its record is damaged: %w", hiring.ErrNotFound)
	}
	return hiring.Login{ID: id, UserID: d.UserID, Email: d.Email, Role: d.Role, CreatedAt: time.UnixMilli(d.CreatedAt).UTC()}, nil
}

// Close implements hiring.Logins.
func (s *Logins) Close(ctx context.Context, id string) error {
	login, err := s.Find(ctx, id)
	if errors.Is(err, hiring.ErrNotFound) {
		return nil
	}
	if err == nil {
		_, err = s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, loginPrefix+id)
			p.SRem(ctx, loginsPrefix+login.UserID, id)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("close session: %w", err)
	}
	return nil
}

// CloseAll implements hiring.Logins.
func (s *Logins) CloseAll(ctx context.Context, userID string) (int, error) {
	ids, err := s.redis.SMembers(ctx, loginsPrefix+userID).Result()
	if err != nil {
		return 0, fmt.Errorf("close sessions of user %s: %w", userID, err)
	}
	if len(ids) == 0 {
		return 0, nil
	}
	keys := make([]string, 0, len(ids))
	members := make([]any, 0, len(ids))
	for _, id := range ids {
		keys = append(keys, loginPrefix+id)
		members = append(members, id)
	}
	var gone *redis.IntCmd
	_, err = s.redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		gone = p.Del(ctx, keys...)
		p.SRem(ctx, loginsPrefix+userID, members...) // one that was opened meanwhile stays
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("close sessions of user %s: %w", userID, err)
	}
	return int(gone.Val()), nil
}
