package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/vantahire/vantahire/store"
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
	if n := scan[int](t, setupOn(t, url), "SELECT count(*) FROM goose_db_version WHERE version_id > 0"); n != 3 {
		t.Errorf("%d migrations were applied, want each once", n)
	}
}

func TestTheSchemaHasTheContractsTables(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, table := range []string{
		"User", "RecruiterProfile", "CandidateProfile", "Interview", "InterviewMessage", "InterviewSession", "Job",
		"JobApplication", "EmailMessage", "WhatsAppMessage", "File", "FileChunk", "ApiKey", "ApiUsageLog",
		"AdminSettings", "OnboardingReminder",
	} {
		if n := scan[int](t, b, "SELECT count(*) FROM "+pgx.Identifier{table}.Sanitize()); n < 0 {
			t.Error(table)
		}
	}
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
