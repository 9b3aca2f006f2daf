package store_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
)

// noon is in the middle of a day, so that no test crosses a midnight by itself.
var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// key stores an active key of the development recruiter, and returns its hash.
func (b *bundle) key(t testing.TB, change ...func(*hiring.Key)) (key hiring.Key, hash string) {
	t.Helper()
	key = hiring.Key{
		UserID: store.DevelopmentRecruiter, Name: "Key", Prefix: "vh_0123456", Scopes: []string{"jobs:read"}, Status: hiring.KeyActive,
		RateLimitPerDay: 3, CreatedAt: noon,
	}
	for _, c := range change {
		c(&key)
	}
	hash = hiring.KeyHash(uuid.NewString())
	key, err := store.NewKeys(b.pool).Create(t.Context(), key, hash)
	if err != nil {
		t.Fatal(err)
	}
	return key, hash
}

func TestOfAThousandUsesAtOnceExactlyTheLimitPasses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const limit, uses, at = 500, 1000, 40
	key, hash := b.key(t, func(k *hiring.Key) { k.RateLimitPerDay = limit })
	keys := store.NewKeys(b.pool)
	var passed, refused atomic.Int64
	var all sync.WaitGroup
	slots := make(chan struct{}, at)
	for range uses {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			got, err := keys.Count(context.Background(), hash, noon)
			switch {
			case err != nil:
				t.Error(err)
			case got.Counted:
				passed.Add(1)
			default:
				refused.Add(1)
			}
		})
	}
	all.Wait()
	if passed.Load() != limit || refused.Load() != uses-limit {
		t.Errorf("%d passed and %d were refused", passed.Load(), refused.Load())
	}
	if row, err := keys.Get(t.Context(), key.ID); err != nil || row.RequestsToday != limit {
		t.Errorf("stored: %d uses, %v", row.RequestsToday, err)
	}
}

func TestADayOfAKeyBeginsAtMidnightUTC(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := store.NewKeys(b.pool)
	key, hash := b.key(t)
	midnight := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	east := time.FixedZone("east", 14*3600)
	for _, step := range []struct {
		at      time.Time
		counted bool
		used    int
	}{
		{noon, true, 1},
		{noon.Add(time.Hour), true, 2},
		{midnight.Add(-time.Millisecond).In(east), true, 3},
		{midnight.Add(-time.Millisecond), false, 3},
		{midnight, true, 1},
		{midnight.Add(-time.Second), true, 2}, // a process whose clock is behind counts on the new day
		{midnight.Add(time.Hour), true, 3},
		{midnight.Add(2 * time.Hour).In(east), false, 3},
		{midnight.Add(24 * time.Hour), true, 1},
	} {
		got, err := keys.Count(t.Context(), hash, step.at)
		if err != nil || got.Counted != step.counted || got.RequestsToday != step.used || got.ID != key.ID || got.Owner.ID != store.DevelopmentRecruiter || got.Owner.Role != hiring.RoleRecruiter {
			t.Errorf("at %s: %+v, %v; want %t with %d uses", step.at, got, err, step.counted, step.used)
		}
		if row, err := keys.Get(t.Context(), key.ID); err != nil || row.LastRequestAt == nil || step.counted && !row.LastRequestAt.Equal(step.at) {
			t.Errorf("at %s: last used %v, %v", step.at, row.LastRequestAt, err)
		}
	}
	// Looking at a key is no use of it.
	if got, err := keys.Peek(t.Context(), hash); err != nil || got.Counted || got.RequestsToday != 1 {
		t.Errorf("peek: %+v, %v", got, err)
	}
	if _, err := keys.Count(t.Context(), hiring.KeyHash("vh_none"), noon); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("no key: %v", err)
	}
	if _, err := keys.Peek(t.Context(), hiring.KeyHash("vh_none")); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("peek at no key: %v", err)
	}
}

func TestAKeyThatHasEndedIsMarkedByItsNextUseAndCountsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := store.NewKeys(b.pool)
	end := noon.Add(time.Hour)
	key, hash := b.key(t, func(k *hiring.Key) { k.ExpiresAt = &end })
	lists := func(status hiring.KeyStatus, at time.Time) bool {
		t.Helper()
		page, err := keys.List(t.Context(), status, at, hiring.PageQuery{Page: 1, Limit: 10})
		if err != nil || page.Total != len(page.Rows) {
			t.Fatalf("%d of %d, %v", len(page.Rows), page.Total, err)
		}
		return slices.ContainsFunc(page.Rows, func(k hiring.OwnedKey) bool { return k.ID == key.ID })
	}
	if got, err := keys.Count(t.Context(), hash, end.Add(-time.Millisecond)); err != nil || !got.Counted {
		t.Fatalf("before its end: %+v, %v", got, err)
	}
	// Lists go by the clock before anything is marked.
	if !lists(hiring.KeyActive, end.Add(-time.Millisecond)) || lists(hiring.KeyActive, end) || !lists(hiring.KeyExpired, end) || !lists("", end) {
		t.Error("the lists don't go by the key's end")
	}
	if got, err := keys.Count(t.Context(), hash, end); err != nil || got.Counted {
		t.Fatalf("at its end: %+v, %v", got, err)
	}
	row, err := keys.Get(t.Context(), key.ID)
	if err != nil || row.Status != hiring.KeyExpired || row.RequestsToday != 1 || !row.LastRequestAt.Equal(end.Add(-time.Millisecond)) {
		t.Errorf("stored: %+v, %v", row, err)
	}
	if got, err := keys.Count(t.Context(), hash, noon); err != nil || got.Counted {
		t.Errorf("marked, with a clock that is behind: %+v, %v", got, err)
	}
}

func TestNoUsePassesOnceAKeyIsRevoked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := store.NewKeys(b.pool)
	key, hash := b.key(t, func(k *hiring.Key) { k.RateLimitPerDay = 1_000_000 })
	var revoked, stop atomic.Bool
	var all sync.WaitGroup
	passed := make(chan struct{}, 1)
	for range 4 {
		all.Go(func() {
			for !stop.Load() {
				late := revoked.Load()
				got, err := keys.Count(context.Background(), hash, noon)
				if err != nil {
					t.Error(err)
					return
				}
				if late && got.Counted {
					t.Error("a use passed after the revocation")
				}
				if !got.Counted {
					return
				}
				select {
				case passed <- struct{}{}:
				default:
				}
			}
		})
	}
	<-passed
	if _, err := keys.Change(t.Context(), key.ID, func(k *hiring.Key) error {
		k.Status, k.RevokedAt = hiring.KeyRevoked, &noon
		return nil
	}); err != nil {
		stop.Store(true)
		t.Error(err)
	}
	revoked.Store(true)
	all.Wait()
	// Of two who revoke at once, the second sees what the first did.
	var second atomic.Int64
	for range 4 {
		all.Go(func() {
			_, err := keys.Change(context.Background(), key.ID, func(k *hiring.Key) error {
				if k.Name == "Changed" {
					return hiring.ErrConflict
				}
				k.Name = "Changed"
				return nil
			})
			if errors.Is(err, hiring.ErrConflict) {
				second.Add(1)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if second.Load() != 3 {
		t.Errorf("%d of 4 saw the change of another, want 3", second.Load())
	}
}

func TestKeysAreFoundByTheirIDOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	keys := store.NewKeys(b.pool)
	key, _ := b.key(t)
	for _, id := range []string{"", nobodysID, "a\x00b", "\xff", "'; DROP TABLE \"ApiKey\"; --"} {
		if _, err := keys.Get(t.Context(), id); !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("get %q: %v", id, err)
		}
		if _, err := keys.Change(t.Context(), id, func(*hiring.Key) error { return nil }); !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("change %q: %v", id, err)
		}
		if err := keys.Delete(t.Context(), id, func(hiring.Key) error { return nil }); !errors.Is(err, hiring.ErrNotFound) {
			t.Errorf("delete %q: %v", id, err)
		}
	}
	if err := keys.Delete(t.Context(), key.ID, func(hiring.Key) error { return hiring.ErrConflict }); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("a refused delete: %v", err)
	}
	if own, err := keys.Own(t.Context(), store.DevelopmentRecruiter); err != nil || len(own) != 1 || own[0].ID != key.ID {
		t.Errorf("own: %+v, %v", own, err)
	}
	if own, err := keys.Own(t.Context(), nobodysID); err != nil || len(own) != 0 {
		t.Errorf("of nobody: %+v, %v", own, err)
	}
	if plan, err := keys.Plan(t.Context(), nobodysID); err != nil || plan != hiring.SubscriptionFree {
		t.Errorf("without a profile: %s, %v", plan, err)
	}
	b.exec(t, `INSERT INTO "RecruiterProfile" ("userId", "subscriptionStatus") VALUES ($1, 'ENTERPRISE') ON CONFLICT ("userId") DO UPDATE SET "subscriptionStatus" = 'ENTERPRISE'`, store.DevelopmentRecruiter)
	if plan, err := keys.Plan(t.Context(), store.DevelopmentRecruiter); err != nil || plan != hiring.SubscriptionEnterprise {
		t.Errorf("of an enterprise: %s, %v", plan, err)
	}
}

// use is a line of a key's log.
func use(key string) hiring.KeyLog {
	status, took, remote := 200, 7, "127.0.0.1"
	return hiring.KeyLog{KeyID: key, Endpoint: "/jobs", Method: "GET", Status: &status, Took: &took, RemoteAddr: &remote, CreatedAt: noon}
}

func TestTheLogOfAKeyIsWrittenInBatchesWithoutTheLinesOfDeletedKeys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key, _ := b.key(t)
	gone, _ := b.key(t)
	keys := store.NewKeys(b.pool)
	logs := store.NewKeyLogs(t.Context(), b.pool, new(logged).logger())
	if err := keys.Delete(t.Context(), gone.ID, func(hiring.Key) error { return nil }); err != nil {
		t.Fatal(err)
	}
	const lines = 600 // more than two batches
	for range lines {
		logs.Add(use(key.ID))
		logs.Add(use(gone.ID))
	}
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := keys.Logs(t.Context(), key.ID, hiring.PageQuery{Page: 1, Limit: 100})
	if err != nil || page.Total != lines || len(page.Rows) != 100 || page.NextCursor == "" || logs.Dropped() != 0 || logs.Waiting() != 0 {
		t.Fatalf("%d lines, %d shown, %d dropped, %d waiting, %v", page.Total, len(page.Rows), logs.Dropped(), logs.Waiting(), err)
	}
	got, want := page.Rows[0], use(key.ID)
	if got.Endpoint != want.Endpoint || got.Method != want.Method || *got.Status != *want.Status || *got.Took != *want.Took || *got.RemoteAddr != *want.RemoteAddr || !got.CreatedAt.Equal(noon) {
		t.Errorf("a line: %+v", got)
	}
	// A key's log goes with it.
	if err := keys.Delete(t.Context(), key.ID, func(hiring.Key) error { return nil }); err != nil {
		t.Fatal(err)
	}
	if page, err := keys.Logs(t.Context(), key.ID, hiring.PageQuery{Page: 1, Limit: 1}); err != nil || page.Total != 0 {
		t.Errorf("after the delete: %d lines, %v", page.Total, err)
	}
}

func TestAStuckDatabaseHoldsUpNoRequestAndNoStop(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key, _ := b.key(t)
	free := b.hold(t, `LOCK TABLE "ApiUsageLog" IN ACCESS EXCLUSIVE MODE`)
	out := new(logged)
	logs := store.NewKeyLogs(t.Context(), b.pool, out.logger())
	const lines = 6000 // more than may wait
	began := time.Now()
	for range lines {
		logs.Add(use(key.ID))
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("noting %d uses took %s", lines, took)
	}
	if d := logs.Dropped(); d < 1 || d >= lines {
		t.Errorf("%d of %d lines found no room", d, lines)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := logs.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("close: %v", err)
	}
	if logs.Dropped() != lines || logs.Waiting() != 0 || !strings.Contains(out.String(), "were not logged before the stop") {
		t.Errorf("%d of %d lines are counted as dropped, %d wait; logged: %s", logs.Dropped(), lines, logs.Waiting(), out)
	}
	free()
}

func TestALogThatCouldNotBeWrittenIsWrittenOnceLater(t *testing.T) {
	t.Parallel()
	b := setup(t)
	key, _ := b.key(t)
	// The table is away, as the whole database might be.
	b.exec(t, `ALTER TABLE "ApiUsageLog" RENAME TO away`)
	out := new(logged)
	logs := store.NewKeyLogs(t.Context(), b.pool, out.logger())
	logs.Add(use(key.ID))
	until(t, "the failure is told", func() bool { return strings.Contains(out.String(), "can't be logged now") })
	logs.Add(use(key.ID))
	b.exec(t, `ALTER TABLE away RENAME TO "ApiUsageLog"`)
	until(t, "the lines are written", func() bool { return logs.Waiting() == 0 })
	if err := logs.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	page, err := store.NewKeys(b.pool).Logs(t.Context(), key.ID, hiring.PageQuery{Page: 1, Limit: 10})
	if err != nil || page.Total != 2 || logs.Dropped() != 0 {
		t.Errorf("%d lines, %d dropped, %v", page.Total, logs.Dropped(), err)
	}
}
