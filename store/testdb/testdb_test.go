package testdb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func ask(t testing.TB, url, sql string, args ...any) string {
	t.Helper()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	var answer string
	if err := conn.QueryRow(ctx, sql, args...).Scan(&answer); err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestEachTestHasItsOwnDatabase(t *testing.T) {
	t.Parallel()
	var names []string
	t.Run("in parallel", func(t *testing.T) {
		found := make(chan string, 8)
		t.Cleanup(func() {
			close(found)
			for n := range found {
				names = append(names, n)
			}
		})
		for i := range cap(found) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				url := New(t)
				ask(t, url, `WITH u AS (INSERT INTO "User" (email, provider, "providerId") VALUES ('a@b.c', 'test', 'x') RETURNING 1) SELECT 'ok' FROM u`)
				if got := ask(t, url, `SELECT count(*)::text FROM "User"`); got != "1" {
					t.Errorf("%s users, want the test's own", got)
				}
				found <- ask(t, url, "SELECT current_database()::text")
			})
		}
	})
	admin, err := server()
	if err != nil {
		t.Fatal(err)
	}
	if len(names) != 8 {
		t.Fatalf("%d databases, want 8", len(names))
	}
	if got := ask(t, admin, "SELECT count(*)::text FROM pg_database WHERE datname = ANY ($1)", names); got != "0" {
		t.Errorf("%s databases outlived their tests", got)
	}
}

func TestTheCopyIsAsMigrationsMakeIt(t *testing.T) {
	t.Parallel()
	if err := store.Migrate(t.Context(), New(t)); err != nil {
		t.Error(err)
	}
}

func TestDatabaseNamesAreLegalAndDiffer(t *testing.T) {
	t.Parallel()
	for _, test := range []string{"TestX", "TestÜmlaut/with \"quotes\"", strings.Repeat("Long", 50), ""} {
		a, b := databaseName(test), databaseName(test)
		if a == b || len(a) > maxName {
			t.Errorf("names %q and %q", a, b)
		}
	}
}

func TestEachRedisIsEmptyAndItsOwn(t *testing.T) {
	t.Parallel()
	EachRedis(t, func(t *testing.T, url string) {
		client, err := store.NewRedis(url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		if n, err := client.DBSize(t.Context()).Result(); err != nil || n != 0 {
			t.Errorf("%d keys, %v", n, err)
		}
		if err := client.Set(t.Context(), "k", "v", time.Minute).Err(); err != nil {
			t.Error(err)
		}
	})
	options, err := redis.ParseURL(Redis(t))
	if err != nil || options.Addr == "" {
		t.Errorf("the address is %v, %v", options, err)
	}
}

// The life of the server, in a folder of its own. It sets the environment, so it
// does not run beside others.
func TestTheServerLivesAsLongAsItsUsers(t *testing.T) {
	t.Setenv(lingerEnv, "300ms")
	dir, err := os.MkdirTemp("", "vantahire-testdb-life-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // the database's user must pass
		t.Fatal(err)
	}
	url, users, err := join(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, more, err := join(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again != url {
		t.Errorf("a second user got another server: %s and %s", again, url)
	}
	first := holder(t, dir)

	// Killed without a chance to clean up: its server goes with it.
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "the end of a killed process's server", func() bool { return !answers(url) })
	next, third, err := join(dir)
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	if next == url || !answers(next) {
		t.Errorf("after the kill the server is %s, before it was %s", next, url)
	}
	second := holder(t, dir)

	// Its last user gone, it goes as well and leaves nothing.
	for _, f := range []*os.File{users, more, third} {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	waitUntil(t, "the end of the unused server", func() bool { return !answers(next) && ended(second) })
	if left, _ := filepath.Glob(filepath.Join(dir, "*pg-*")); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func TestAFolderOfSomebodyElseIsRefused(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(elsewhere, link); err != nil {
		t.Fatal(err)
	}
	if _, _, err := join(link); err == nil {
		t.Error("it follows a link")
	}
}

func TestAServerThatDoesNotStartSaysWhy(t *testing.T) {
	t.Setenv("VANTAHIRE_PG_BIN", "/nonexistent/bin")
	_, users, err := join(filepath.Join(t.TempDir(), "home"))
	if err == nil {
		_ = users.Close()
		t.Fatal("it started")
	}
	for _, word := range []string{"VANTAHIRE_PG_BIN", "/nonexistent/bin"} {
		if !strings.Contains(err.Error(), word) && !strings.Contains(err.Error(), "can't enter") {
			t.Errorf("the message lacks %q: %v", word, err)
		}
	}
}

// holder is the pid of the server's process.
func holder(t *testing.T, dir string) int {
	t.Helper()
	var pids []int
	locks, _ := filepath.Glob(filepath.Join(dir, "pg-*", "lock"))
	for _, path := range locks {
		raw, err := os.ReadFile(path) //nolint:gosec // a folder of this test
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(raw), "\n")
		pid, err := strconv.Atoi(first)
		if err != nil {
			t.Fatal(err)
		}
		if !ended(pid) {
			pids = append(pids, pid)
		}
	}
	if len(pids) != 1 {
		t.Fatalf("server processes: %v, want one", pids)
	}
	return pids[0]
}

// ended is true for a child of ours that only waits to be reaped as well.
func ended(pid int) bool {
	var status syscall.WaitStatus
	if reaped, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil); err == nil && reaped == pid {
		return true
	}
	return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

func waitUntil(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("still waiting for %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func BenchmarkNew(b *testing.B) {
	admin, err := server()
	if err != nil {
		b.Fatal(err)
	}
	tpl, err := migrated(admin)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		name := fmt.Sprintf("bench_%d_%d", os.Getpid(), i)
		if err := run(admin, "CREATE DATABASE "+quoted(name)+" TEMPLATE "+quoted(tpl.name)+" STRATEGY file_copy"); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := run(admin, "DROP DATABASE "+quoted(name)); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
