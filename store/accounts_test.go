package store_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/testdb"
)

func TestTheFirstConsentStands(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id := b.interview(t)
	first := hiring.Consent{Interview: id, Version: "2026-01", At: now(), Channel: hiring.ChannelVoice, TextHash: "ab12"}
	if _, given, err := b.consents.Get(t.Context(), id); given || err != nil {
		t.Fatalf("before: %t, %v", given, err)
	}
	if err := b.consents.Record(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	later := first
	later.Version, later.At = "2027-01", first.At.Add(time.Hour)
	if err := b.consents.Record(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	got, given, err := b.consents.Get(t.Context(), id)
	if diff := cmp.Diff(first, got); err != nil || !given || diff != "" {
		t.Errorf("stored: %t, %v\n%s", given, err, diff)
	}
	first.Interview = nobodysID
	if err := b.consents.Record(t.Context(), first); !errors.Is(err, hiring.ErrNotFound) {
		t.Errorf("for no interview: %v", err)
	}
	for what, text := range unfit {
		bad := hiring.Consent{Interview: id, Version: text, At: now()}
		var named *hiring.TextError
		if err := b.consents.Record(t.Context(), bad); !errors.As(err, &named) || named.Field != "version" {
			t.Errorf("a version with %s: %v", what, err)
		}
	}
}

func TestTheAccountsForDevelopmentAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if err := store.SeedDevelopment(t.Context(), b.pool); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	for id, want := range map[string]struct {
		email string
		role  hiring.UserRole
		name  string
	}{
		"00000000-0000-4000-8000-000000000001": {"recruiter@test.com", hiring.RoleRecruiter, "Test Recruiter"},
		"00000000-0000-4000-8000-000000000002": {"candidate@test.com", hiring.RoleCandidate, "Test Candidate"},
		"00000000-0000-4000-8000-000000000003": {"admin@test.com", hiring.RoleAdmin, "Test Admin"},
	} {
		u, err := b.users.ByID(t.Context(), id)
		if err != nil || u.Email != want.email || u.Role != want.role || u.FullName == nil || *u.FullName != want.name || u.Provider != "test" {
			t.Errorf("%s is %+v, %v", id, u, err)
		}
	}
	if got := scan[string](t, b, `SELECT "companyName" || "brandColor" || "subscriptionStatus" FROM "RecruiterProfile" WHERE id = '00000000-0000-4000-8000-000000000011'`); got != "Test Company Inc.#3B82F6FREE" {
		t.Errorf("the recruiter's profile says %s", got)
	}
	if got := scan[[]string](t, b, `SELECT skills FROM "CandidateProfile" WHERE id = '00000000-0000-4000-8000-000000000012'`); !cmp.Equal(got, []string{"TypeScript", "React", "Node.js"}) {
		t.Errorf("the candidate's skills are %q", got)
	}
}

func TestSeedingKeepsWhatSomebodyChanged(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.pool.Exec(t.Context(), `UPDATE "User" SET "fullName" = 'Mine' WHERE id = $1`, store.DevelopmentRecruiter); err != nil {
		t.Fatal(err)
	}
	if err := store.SeedDevelopment(t.Context(), b.pool); err != nil {
		t.Fatal(err)
	}
	if u, err := b.users.EnsureDevelopmentRecruiter(t.Context()); err != nil || *u.FullName != "Mine" {
		t.Errorf("the recruiter is %+v, %v", u, err)
	}
}

func TestTheDevelopmentRecruiterIsMadeWhenMissing(t *testing.T) {
	t.Parallel()
	pool, err := store.OpenPool(t.Context(), testdb.New(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	users := store.NewUsers(pool)
	var wg sync.WaitGroup
	for range 4 { // as processes that start at the same time
		wg.Go(func() {
			if u, err := users.EnsureDevelopmentRecruiter(t.Context()); err != nil || u.ID != store.DevelopmentRecruiter || u.Role != hiring.RoleRecruiter {
				t.Errorf("%+v, %v", u, err)
			}
		})
	}
	wg.Wait()
}

func TestSeedingBesideAnAccountWithOneOfTheAddresses(t *testing.T) {
	t.Parallel()
	pool, err := store.OpenPool(t.Context(), testdb.New(t))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `INSERT INTO "User" (email, provider, "providerId") VALUES ('recruiter@test.com', 'google', '1')`); err != nil {
		t.Fatal(err)
	}
	if err := store.SeedDevelopment(t.Context(), pool); !errors.Is(err, hiring.ErrConflict) {
		t.Errorf("answers %v, want ErrConflict", err)
	}
}
