package hiring

import (
	"errors"
	"reflect"
	"testing"
	"time"
)

func TestNobodyGrantsHimselfMoreThanHisSubscription(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		role     UserRole
		plan     Subscription
		limit    int
		has      int // the key's limit before
		refused  bool
		standard int
	}{
		"a free account's least":                   {RoleRecruiter, SubscriptionFree, 1, 0, false, 1000},
		"a free account's most":                    {RoleRecruiter, SubscriptionFree, 1000, 0, false, 1000},
		"a free account wants more":                {RoleRecruiter, SubscriptionFree, 1001, 0, true, 1000},
		"a paying account wants more":              {RoleRecruiter, SubscriptionPaid, 1001, 0, true, 1000},
		"an enterprise's most":                     {RoleRecruiter, SubscriptionEnterprise, 10_000, 0, false, 10_000},
		"an enterprise wants more":                 {RoleRecruiter, SubscriptionEnterprise, 10_001, 0, true, 10_000},
		"a candidate wants more":                   {RoleCandidate, SubscriptionFree, 1001, 0, true, 1000},
		"an administrator grants more":             {RoleAdmin, SubscriptionFree, 100_000, 0, false, 1000},
		"an administrator of an enterprise":        {RoleAdmin, SubscriptionEnterprise, 100_000, 0, false, 10_000},
		"more than the database counts":            {RoleAdmin, SubscriptionFree, maxKeyLimit + 1, 0, true, 1000},
		"none":                                     {RoleAdmin, SubscriptionFree, 0, 0, true, 1000},
		"less than none":                           {RoleAdmin, SubscriptionFree, -1, 0, true, 1000},
		"what an administrator granted stays":      {RoleRecruiter, SubscriptionFree, 5000, 5000, false, 1000},
		"more than what an administrator granted":  {RoleRecruiter, SubscriptionFree, 5001, 5000, true, 1000},
		"less than what an administrator granted":  {RoleRecruiter, SubscriptionFree, 4999, 5000, false, 1000},
		"more than a low limit, within the normal": {RoleRecruiter, SubscriptionFree, 900, 5, false, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limits := keyLimitsOf(tc.role, tc.plan)
			var refused *RefusedError
			err := limits.allow(tc.limit, tc.has)
			if got := errors.As(err, &refused); got != tc.refused || got && (refused.Kind != KindInvalid || refused.Text != "Invalid rate limit") {
				t.Errorf("%d: %v", tc.limit, err)
			}
			if limits.standard != tc.standard {
				t.Errorf("a key without a wish has %d, want %d", limits.standard, tc.standard)
			}
		})
	}
}

func TestAKeyIsShownAsItStandsNow(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	when := func(d time.Duration) *time.Time { t := at.Add(d); return &t }
	for name, tc := range map[string]struct {
		key   Key
		want  KeyStatus
		fault string
		used  int
	}{
		"active":                       {Key{Status: KeyActive, RequestsToday: 3, LastResetAt: when(0)}, KeyActive, "", 3},
		"used before today":            {Key{Status: KeyActive, RequestsToday: 3, LastResetAt: when(-time.Millisecond)}, KeyActive, "", 0},
		"never reset":                  {Key{Status: KeyActive, RequestsToday: 3}, KeyActive, "", 0},
		"its end is now":               {Key{Status: KeyActive, ExpiresAt: when(0)}, KeyExpired, "Key expired", 0},
		"its end is a moment away":     {Key{Status: KeyActive, ExpiresAt: when(time.Millisecond)}, KeyActive, "", 0},
		"marked as expired":            {Key{Status: KeyExpired}, KeyExpired, "Key expired", 0},
		"revoked before it could end":  {Key{Status: KeyRevoked, ExpiresAt: when(-time.Hour)}, KeyRevoked, "Key revoked", 0},
		"revoked with a day's use":     {Key{Status: KeyRevoked, RequestsToday: 2, LastResetAt: when(0)}, KeyRevoked, "Key revoked", 2},
		"another zone's day is not it": {Key{Status: KeyActive, RequestsToday: 3, LastResetAt: when(-2 * time.Hour)}, KeyActive, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, zone := range []*time.Location{time.UTC, time.FixedZone("east", 14*3600), time.FixedZone("west", -11*3600)} {
				got := tc.key.asOf(at.In(zone))
				if fault := standing(got); got.Status != tc.want || fault != tc.fault || got.RequestsToday != tc.used {
					t.Errorf("in %s it is %s (%q) with %d uses", zone, got.Status, fault, got.RequestsToday)
				}
			}
		})
	}
}

func TestAUseTellsWhatIsLeft(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 12, 31, 23, 59, 59, 999_000_000, time.UTC)
	owner := User{ID: "u", Email: "u@example.com", Role: RoleCandidate}
	for used, left := range map[int]int{0: 5, 1: 4, 5: 0, 9: 0} { // 9: the limit was lowered since
		use := useOf(CountedKey{Key: Key{ID: "k", RateLimitPerDay: 5, RequestsToday: used}, Owner: owner}, at)
		if use.Limit != 5 || use.Remaining != left || !use.Reset.Equal(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)) {
			t.Errorf("after %d uses: %+v", used, use)
		}
		if want := (Actor{UserID: "u", Email: "u@example.com", Role: RoleCandidate, KeyID: "k"}); !reflect.DeepEqual(use.Actor, want) {
			t.Errorf("it acts as %+v", use.Actor)
		}
	}
}
