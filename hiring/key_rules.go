package hiring

import "time"

// How many requests a day (UTC) a key has (contract sections 1.6, 2.3 and 10).
const (
	defaultKeyLimit    = 1000
	enterpriseKeyLimit = 10_000
	// maxKeyLimit bounds what an administrator may grant: more than a hundred a
	// second, all day.
	maxKeyLimit = 10_000_000
)

// keyLimits are how many requests a day somebody may give his keys.
type keyLimits struct {
	standard int // of a key made without a wish
	most     int
}

// keyLimitsOf is the rule: nobody grants himself more than his subscription does, but
// an administrator may grant anything.
func keyLimitsOf(role UserRole, plan Subscription) keyLimits {
	l := keyLimits{defaultKeyLimit, defaultKeyLimit}
	if plan == SubscriptionEnterprise {
		l = keyLimits{enterpriseKeyLimit, enterpriseKeyLimit}
	}
	if role == RoleAdmin {
		l.most = maxKeyLimit
	}
	return l
}

// allow refuses a limit that may not be given. What a key already has, an
// administrator has granted; it may be given again.
func (l keyLimits) allow(limit, has int) error {
	if limit < 1 || limit > max(l.most, has) {
		return Refuse(KindInvalid, "Invalid rate limit")
	}
	return nil
}

// asOf shows a key as it stands at a moment, whether or not that was stored yet: one
// whose end has come is expired, and what it used on another day counts no more.
func (k Key) asOf(at time.Time) Key {
	if k.Status == KeyActive && k.ExpiresAt != nil && !k.ExpiresAt.After(at) {
		k.Status = KeyExpired
	}
	if k.LastResetAt == nil || k.LastResetAt.Before(midnight(at)) {
		k.RequestsToday = 0
	}
	return k
}

// midnight is when the day began in UTC.
func midnight(at time.Time) time.Time { return at.UTC().Truncate(24 * time.Hour) }

// standing says why a key opens nothing, in the words of contract section 2.8; ""
// when it does.
func standing(k Key) string {
	switch k.Status {
	case KeyRevoked:
		return "Key revoked"
	case KeyExpired:
		return "Key expired"
	case KeyActive:
	}
	return ""
}

// useOf is what a request may do by a key, and how much the key has left.
func useOf(c CountedKey, at time.Time) KeyUse {
	return KeyUse{
		Actor:  Actor{UserID: c.Owner.ID, Email: c.Owner.Email, Role: c.Owner.Role, KeyID: c.ID, Scopes: c.Scopes},
		Scopes: c.Scopes, Limit: c.RateLimitPerDay, Remaining: max(0, c.RateLimitPerDay-c.RequestsToday), Reset: midnight(at).Add(24 * time.Hour),
	}
}
