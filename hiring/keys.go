package hiring

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"time"
)

// KeyStatus is where an API key stands (contract section 3.4).
type KeyStatus string

// The states of a key.
const (
	KeyActive  KeyStatus = "ACTIVE"
	KeyRevoked KeyStatus = "REVOKED"
	KeyExpired KeyStatus = "EXPIRED"
)

// Key is an API key without its secret.
type Key struct {
	ID              string
	UserID          string
	Name            string
	Prefix          string // its first 10 characters
	Scopes          []string
	Status          KeyStatus
	ExpiresAt       *time.Time
	RevokedAt       *time.Time
	RateLimitPerDay int
	RequestsToday   int
	LastResetAt     *time.Time
	LastRequestAt   *time.Time
	CreatedAt       time.Time
}

// OwnedKey is a key with its owner.
type OwnedKey struct {
	Key

	OwnerEmail string
	OwnerName  *string
	Uses       int // lines in its log
}

// KeyLog is one logged request of a key.
type KeyLog struct {
	ID         string
	KeyID      string
	Endpoint   string // the path, without its query
	Method     string
	Status     *int
	Took       *int // ms
	RemoteAddr *string
	CreatedAt  time.Time
}

// CountedKey is the outcome of counting a use.
type CountedKey struct {
	Key

	Owner User
	// Counted is false when the limit was reached or the key is not active.
	Counted bool
}

// NewKey is a request for a key.
type NewKey struct {
	Name            string
	Scopes          []string
	ExpiresAt       *time.Time
	RateLimitPerDay *int
}

// KeyStore stores keys. Every method blocks on the database until ctx ends.
type KeyStore interface {
	// Create stores a key by the hash of its secret.
	Create(ctx context.Context, key Key, hash string) (Key, error)
	// Own returns all keys of a user, newest first.
	Own(ctx context.Context, userID string) ([]Key, error)
	// Get returns one key, or ErrNotFound.
	Get(ctx context.Context, id string) (OwnedKey, error)
	// List returns everybody's keys that have the status at the given moment, whether
	// or not it was stored yet; an empty status returns all.
	List(ctx context.Context, status KeyStatus, at time.Time, q PageQuery) (Page[OwnedKey], error)
	// Change locks the key, lets decide look at it and change it, and stores it.
	Change(ctx context.Context, id string, decide func(*Key) error) (Key, error)
	// Delete removes a key with its log when decide allows it. ErrNotFound.
	Delete(ctx context.Context, id string, decide func(Key) error) error
	// Logs returns the log of a key, newest first.
	Logs(ctx context.Context, id string, q PageQuery) (Page[KeyLog], error)
	// Count finds the key by its hash and counts one use of it at the given moment
	// if its limit for that day (UTC) leaves room, exactly, whatever comes at once.
	// ErrNotFound: there is no such key.
	Count(ctx context.Context, hash string, at time.Time) (CountedKey, error)
	// Peek is Count without counting.
	Peek(ctx context.Context, hash string) (CountedKey, error)
	// Plan is what the user pays for; SubscriptionFree without a profile.
	Plan(ctx context.Context, userID string) (Subscription, error)
}

// Subscription is what a recruiter's company pays for.
type Subscription string

// The subscriptions.
const (
	SubscriptionFree       Subscription = "FREE"
	SubscriptionPaid       Subscription = "PAID"
	SubscriptionEnterprise Subscription = "ENTERPRISE"
)

// Keys is the service for the API keys. It is goroutine-safe.
type Keys struct {
	store KeyStore
	now   func() time.Time
}

// NewKeys wires the service.
func NewKeys(store KeyStore) *Keys { return &Keys{store: store, now: now} }

var errNoKey = Refuse(KindNotFound, "API key not found")

// KeyHash is how a key's secret is stored.
func KeyHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

const (
	keySecretBytes = 32
	keyPrefixChars = 10
)

// limits are those of the actor's keys.
func (s *Keys) limits(ctx context.Context, actor Actor) (keyLimits, error) {
	plan, err := s.store.Plan(ctx, actor.UserID)
	return keyLimitsOf(actor.Role, plan), err
}

// Create makes a key, for any account: a subscription decides how much it may be used,
// not whether there is one. The secret is returned once and not kept.
func (s *Keys) Create(ctx context.Context, actor Actor, n NewKey) (key Key, secret string, err error) {
	at := s.now()
	if n.ExpiresAt != nil && !n.ExpiresAt.After(at) {
		return Key{}, "", Refuse(KindInvalid, "Invalid expiresAt date")
	}
	limits, err := s.limits(ctx, actor)
	if err != nil {
		return Key{}, "", err
	}
	limit := limits.standard
	if n.RateLimitPerDay != nil {
		limit = *n.RateLimitPerDay
		if err := limits.allow(limit, 0); err != nil {
			return Key{}, "", err
		}
	}
	raw := make([]byte, keySecretBytes)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	secret = "vh_" + hex.EncodeToString(raw)
	scopes := n.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	key, err = s.store.Create(ctx, Key{
		UserID: actor.UserID, Name: strings.TrimSpace(n.Name), Prefix: secret[:keyPrefixChars], Scopes: scopes, Status: KeyActive, ExpiresAt: n.ExpiresAt,
		RateLimitPerDay: limit, CreatedAt: at,
	}, KeyHash(secret))
	return key, secret, err
}

// asNow shows a key as it stands now.
func (s *Keys) asNow(k Key) Key { return k.asOf(s.now()) }

// Own returns the actor's keys.
func (s *Keys) Own(ctx context.Context, actor Actor) ([]Key, error) {
	keys, err := s.store.Own(ctx, actor.UserID)
	for i := range keys {
		keys[i] = s.asNow(keys[i])
	}
	return keys, err
}

// All returns everybody's, for administrators.
func (s *Keys) All(ctx context.Context, status KeyStatus, q PageQuery) (Page[OwnedKey], error) {
	page, err := s.store.List(ctx, status, s.now(), q)
	for i := range page.Rows {
		page.Rows[i].Key = s.asNow(page.Rows[i].Key)
	}
	return page, err
}

// Get returns a key the actor may manage. Somebody else's is forbidden.
func (s *Keys) Get(ctx context.Context, actor Actor, id string) (OwnedKey, error) {
	key, err := s.store.Get(ctx, id)
	if err == nil {
		err = mayManageKey(actor, key.Key)
	}
	key.Key = s.asNow(key.Key)
	return key, missing(err, errNoKey)
}

func mayManageKey(actor Actor, key Key) error {
	if !actor.MayManage(key.UserID) {
		return Refuse(KindForbidden, "Forbidden")
	}
	return nil
}

// KeyChange is what may be changed of a key; nil leaves it.
type KeyChange struct {
	Name            *string
	Scopes          *[]string
	RateLimitPerDay *int
}

// Update changes a key.
func (s *Keys) Update(ctx context.Context, actor Actor, id string, c KeyChange) (Key, error) {
	limits, err := s.limits(ctx, actor)
	if err != nil {
		return Key{}, err
	}
	key, err := s.store.Change(ctx, id, func(k *Key) error {
		if err := mayManageKey(actor, *k); err != nil {
			return err
		}
		if k.Status == KeyRevoked {
			return Refuse(KindInvalid, "Cannot update a revoked key")
		}
		if c.Name != nil {
			k.Name = strings.TrimSpace(*c.Name)
		}
		if c.Scopes != nil {
			k.Scopes = *c.Scopes
		}
		if limit := c.RateLimitPerDay; limit != nil {
			if err := limits.allow(*limit, k.RateLimitPerDay); err != nil {
				return err
			}
			k.RateLimitPerDay = *limit
		}
		return nil
	})
	return s.asNow(key), missing(err, errNoKey)
}

// Revoke ends a key for good. Without foreign set somebody else's is not found, with
// it forbidden: the two surfaces of the contract differ.
func (s *Keys) Revoke(ctx context.Context, actor Actor, id string, foreign *RefusedError) (Key, error) {
	key, err := s.store.Change(ctx, id, func(k *Key) error {
		if !actor.MayManage(k.UserID) {
			return foreign
		}
		if k.Status == KeyRevoked {
			return Refuse(KindInvalid, "Key already revoked")
		}
		at := s.now()
		k.Status, k.RevokedAt = KeyRevoked, &at
		return nil
	})
	return key, missing(err, errNoKey)
}

// Delete removes a key with its log.
func (s *Keys) Delete(ctx context.Context, actor Actor, id string) error {
	return missing(s.store.Delete(ctx, id, func(k Key) error { return mayManageKey(actor, k) }), errNoKey)
}

// Logs returns what a key was used for.
func (s *Keys) Logs(ctx context.Context, actor Actor, id string, q PageQuery) (Page[KeyLog], error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return Page[KeyLog]{}, err
	}
	return s.store.Logs(ctx, id, q)
}

// Authenticate checks a key and counts its use. It refuses with *RefusedError; over
// the limit the use tells when there is room again.
func (s *Keys) Authenticate(ctx context.Context, secret string) (KeyUse, error) {
	at := s.now()
	counted, err := s.store.Count(ctx, KeyHash(secret), at)
	if err != nil {
		return KeyUse{}, missing(err, Refuse(KindUnauthenticated, "Invalid API key"))
	}
	use := useOf(counted, at)
	switch why := standing(counted.asOf(at)); {
	case why != "":
		return KeyUse{}, Refuse(KindUnauthenticated, why)
	case !counted.Counted:
		return use, Refuse(KindTooMany, "Rate limit exceeded")
	}
	return use, nil
}

// Validity is what anybody who has a key may know about it.
type Validity struct {
	UserID    string
	Scopes    []string
	Remaining int
	Fault     string // why it is not valid; "" when it is
}

// Validate tells about a key without counting a use.
func (s *Keys) Validate(ctx context.Context, secret string) (Validity, error) {
	at := s.now()
	found, err := s.store.Peek(ctx, KeyHash(secret))
	if errors.Is(err, ErrNotFound) {
		return Validity{Fault: "Invalid key"}, nil
	}
	if err != nil {
		return Validity{}, err
	}
	key := found.asOf(at)
	if why := standing(key); why != "" {
		return Validity{Fault: why}, nil
	}
	if key.RequestsToday >= key.RateLimitPerDay {
		return Validity{Fault: "Rate limit exceeded"}, nil
	}
	return Validity{UserID: key.UserID, Scopes: key.Scopes, Remaining: key.RateLimitPerDay - key.RequestsToday}, nil
}
