package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/migrations"
	"github.com/vantahire/vantahire/store/testdb"
)

// empty makes a database without any table, beside the test's own.
func empty(t *testing.T) string {
	t.Helper()
	own := testdb.New(t)
	config, err := pgx.ParseConfig(own)
	if err != nil {
		t.Fatal(err)
	}
	name := config.Database[:min(len(config.Database), 56)] + "_empty"
	exec := func(sql string) {
		t.Helper()
		conn, err := pgx.Connect(context.Background(), own)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		if _, err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("CREATE DATABASE " + name)
	t.Cleanup(func() { exec("DROP DATABASE " + name + " WITH (FORCE)") })
	return strings.Replace(own, "/"+config.Database+"?", "/"+name+"?", 1)
}

func TestProcessesThatMigrateAtTheSameTimeWaitForEachOther(t *testing.T) {
	t.Parallel()
	url := empty(t)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if err := store.Migrate(t.Context(), url); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := scan[int](t, setupOn(t, url), "SELECT count(*) FROM goose_db_version WHERE version_id > 0"); n != 4 {
		t.Errorf("%d migrations were applied, want each once", n)
	}
}

// migrateTo brings an empty database to an older schema.
func migrateTo(t *testing.T, url string, version int64) {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.FS, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
}

// Records that an earlier version has written stay as they are, go on, and are
// sealed like any other.
func TestRecordsOfTheVersionBeforeGoOn(t *testing.T) {
	t.Parallel()
	url := empty(t)
	migrateTo(t, url, 2)
	b := setupOn(t, url)
	live, over := b.olderInterview(t), b.olderInterview(t)
	for _, id := range []interview.ID{live, over} {
		b.exec(t, `INSERT INTO interview_owner (interview, owner, fence, last_seq) VALUES ($1, 'an older process', 3, 2)`, id)
		b.exec(t, `INSERT INTO interview_events (interview, seq, fence, kind, at, clock_ns, payload) VALUES
			($1, 1, 3, 'turn_committed', '2026-01-01T00:00:01Z', 1, '{"turn": 1, "text": "before"}'),
			($1, 2, 3, 'ended', '2026-01-01T00:00:02Z', 2, '{"reason": "finished"}')`, id)
		b.exec(t, `INSERT INTO "InterviewMessage" ("interviewId", role, content, "createdAt", seq, source, turn) VALUES ($1, 'user', 'before', '2026-01-01T00:00:01Z', 1, 'voice', 1)`, id)
	}
	b.exec(t, `INSERT INTO interview_end (interview, seq, reason, used_ns, at) VALUES ($1, 2, 'finished', 1, '2026-01-01T00:00:02Z')`, over)
	for range 2 { // the second time there is nothing to do
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	b = setupOn(t, url)
	p := b.process(t, "a newer process", "")
	p.Ledger = b.open(t, store.LedgerOptions{RecordKey: recordKey})
	c := p.claim(t, live) // the older process has no row: nobody waits for it
	if c.fence != 4 || c.seq != 2 {
		t.Errorf("claimed with fence %d after seq %d", c.fence, c.seq)
	}
	c.commit(c.says("after"))
	if diff := cmp.Diff([]string{"user: before", "user: after"}, b.lines(t, live)); diff != "" {
		t.Error(diff)
	}
	if n, err := p.SealOverdue(t.Context()); n != 1 || err != nil {
		t.Errorf("sealed %d, %v", n, err)
	}
	r, err := p.Record(t.Context(), over)
	if err != nil || r.Seal == nil || r.Seal.Check(recordKey, over, r.Events) != nil || len(r.Events) != 2 {
		t.Errorf("%+v, %v", r, err)
	}
}

// olderInterview stores an interview as versions did that knew fewer columns.
func (b *bundle) olderInterview(t *testing.T) interview.ID {
	t.Helper()
	return scan[interview.ID](t, b, `
		INSERT INTO "Interview" ("recruiterId", "candidateEmail", "jobRole") VALUES ($1, 'ada@example.com', 'Engineer') RETURNING id`,
		store.DevelopmentRecruiter)
}

// Rows of the version before the hiring API live on: what hangs on them goes with
// them, as with new ones, and of two settings that a race has left the newer stays.
func TestRowsOfTheVersionBeforeTheHiringAPIStay(t *testing.T) {
	t.Parallel()
	url := empty(t)
	migrateTo(t, url, 3)
	b := setupOn(t, url)
	id := b.olderInterview(t)
	b.exec(t, `INSERT INTO "EmailMessage" ("interviewId", "recipientEmail") VALUES ($1, 'ada@example.com')`, id)
	b.exec(t, `INSERT INTO "WhatsAppMessage" ("interviewId", "candidatePhone") VALUES ($1, '+491511234567')`, id)
	job := scan[string](t, b, `INSERT INTO "Job" ("recruiterId", title) VALUES ($1, 'Engineer') RETURNING id`, store.DevelopmentRecruiter)
	key := scan[string](t, b, `INSERT INTO "ApiKey" ("userId", name, "keyHash", "keyPrefix") VALUES ($1, 'k', 'h', 'vh_1234567') RETURNING id`, store.DevelopmentRecruiter)
	b.exec(t, `INSERT INTO "ApiUsageLog" ("apiKeyId", endpoint, method) VALUES ($1, '/jobs', 'GET')`, key)
	b.exec(t, `INSERT INTO "AdminSettings" ("maxInterviewsPerRecruiter", "createdAt") VALUES (5, '2026-01-01Z'), (7, '2026-01-02Z')`)
	for range 2 { // the second time there is nothing to do
		if err := store.Migrate(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
	b = setupOn(t, url)
	if row, err := b.interviews.Get(t.Context(), id); err != nil || row.PlanVersion != 0 || row.PlanUpdatedAt != nil || row.Plan != nil {
		t.Errorf("the interview is %+v, %v", row, err)
	}
	if v := scan[int](t, b, `SELECT "planVersion" FROM "Job" WHERE id = $1 AND plan IS NULL`, job); v != 0 {
		t.Errorf("the job's plan has version %d", v)
	}
	if most := scan[int](t, b, `SELECT "maxInterviewsPerRecruiter" FROM "AdminSettings" WHERE "limitsSavedAt" IS NULL`); most != 7 {
		t.Errorf("the settings that stay say %d", most)
	}
	b.exec(t, `DELETE FROM "Interview" WHERE id = $1`, id)
	b.exec(t, `DELETE FROM "ApiKey" WHERE id = $1`, key)
	if n := scan[int](t, b, `SELECT (SELECT count(*) FROM "EmailMessage") + (SELECT count(*) FROM "WhatsAppMessage") + (SELECT count(*) FROM "ApiUsageLog")`); n != 0 {
		t.Errorf("%d rows outlive what they belong to", n)
	}
}

func TestThereIsOneRowOfSettings(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `INSERT INTO "AdminSettings" DEFAULT VALUES`)
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO "AdminSettings" DEFAULT VALUES`); err == nil {
		t.Error("a second one was stored")
	}
}

func TestTheAuditIsOnlyAddedTo(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.exec(t, `INSERT INTO audit_event (actor, action, subject) VALUES ('a', 'user.role', 'b')`)
	for _, sql := range []string{`UPDATE audit_event SET actor = 'c'`, `DELETE FROM audit_event`} {
		if _, err := b.pool.Exec(t.Context(), sql); err == nil || !strings.Contains(err.Error(), "append-only") {
			t.Errorf("%s: %v", sql, err)
		}
	}
}

func TestTheEnumsAreTheContracts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for enum, want := range map[string]string{
		"UserRole": "RECRUITER,CANDIDATE,ADMIN", "SubscriptionStatus": "FREE,PAID,ENTERPRISE", "InterviewType": "TEXT,VOICE",
		"InterviewStatus": "PENDING,IN_PROGRESS,COMPLETED,EXPIRED", "JobStatus": "DRAFT,ACTIVE,CLOSED",
		"ApprovalStatus": "PENDING,APPROVED,REJECTED", "ApplicationStatus": "PENDING,REVIEWED,SHORTLISTED,REJECTED,HIRED",
		"FileCategory": "LOGO,RESUME,SCREENSHOT,DOCUMENT", "ApiKeyStatus": "ACTIVE,REVOKED,EXPIRED",
	} {
		if got := scan[string](t, b, `SELECT array_to_string(enum_range(NULL::`+pgx.Identifier{enum}.Sanitize()+`), ',')`); got != want {
			t.Errorf("%s is %s, want %s", enum, got, want)
		}
	}
}

func TestASchemaFromTheFutureIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	if _, err := b.pool.Exec(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, true)"); err != nil {
		t.Fatal(err)
	}
	err := store.Migrate(t.Context(), b.url)
	if !errors.Is(err, store.ErrSchemaTooNew) || !strings.Contains(err.Error(), "start the newer program") {
		t.Errorf("answers %v, want ErrSchemaTooNew and what to do", err)
	}
}

func TestADatabaseThatCantBeHadSaysSoWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for name, url := range map[string]string{
		"no URL at all":        "postgres://user:sesame@[::1/x",
		"a port nobody is on":  "postgres://user:sesame@127.0.0.1:1/x",
		"a socket that is not": "postgres:///x?host=/nonexistent&user=u&password=sesame",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, poolErr := store.OpenPool(t.Context(), url)
			_, ledgerErr := store.OpenLedger(t.Context(), url, store.LedgerOptions{})
			for op, err := range map[string]error{"migrate": store.Migrate(t.Context(), url), "pool": poolErr, "ledger": ledgerErr} {
				if err == nil {
					t.Errorf("%s: no error", op)
				} else if strings.Contains(err.Error(), "sesame") {
					t.Errorf("%s repeats the password: %v", op, err)
				}
			}
		})
	}
}

func TestTheURLDecidesAboutThePool(t *testing.T) {
	t.Parallel()
	url := testdb.New(t)
	for suffix, want := range map[string]int32{"": 16, "&pool_max_conns=3": 3} {
		if err := store.Migrate(t.Context(), url+suffix); err != nil {
			t.Errorf("migrate with %q: %v", suffix, err)
		}
		pool, err := store.OpenPool(t.Context(), url+suffix)
		if err != nil {
			t.Fatal(err)
		}
		if got := pool.Config().MaxConns; got != want {
			t.Errorf("with %q the pool has %d connections, want %d", suffix, got, want)
		}
		pool.Close()
	}
}
