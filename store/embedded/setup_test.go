package embedded

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// helperEnv makes the test binary a program that runs a database on the named
// data directory until its standard input ends.
const helperEnv = "VANTAHIRE_TEST_DATABASE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(helperEnv); dir != "" {
		os.Exit(playProgram(dir))
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if made.dir != "" {
			_ = os.RemoveAll(made.dir)
		}
		os.Exit(code)
	}))
}

// made is a data directory with a fresh cluster, made once: initdb is what costs
// most in these tests.
var made struct {
	once sync.Once
	dir  string
	err  error
}

// dataDirWithCluster is a data directory of the test's own on which a start needs
// no initdb.
func dataDirWithCluster(t testing.TB) string {
	t.Helper()
	made.once.Do(func() {
		if made.dir, made.err = os.MkdirTemp("", "vantahire-test-cluster-"); made.err != nil {
			return
		}
		if made.err = os.Chmod(made.dir, 0o755); made.err != nil {
			return
		}
		var p *Postgres
		if p, made.err = Start(context.Background(), Options{DataDir: filepath.Join(made.dir, "pg")}); made.err == nil {
			made.err = p.Stop(context.Background())
		}
	})
	if made.err != nil {
		t.Fatal(made.err)
	}
	dir := filepath.Join(folder(t), "pg")
	if err := os.CopyFS(filepath.Join(dir, clusterName), os.DirFS(filepath.Join(made.dir, "pg", clusterName))); err != nil {
		t.Fatal(err)
	}
	for _, private := range []string{dir, filepath.Join(dir, clusterName)} {
		if err := os.Chmod(private, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// said is what the program prints about itself, as one line of JSON.
type said struct {
	URL, Error string
	Postmaster int
}

func playProgram(dir string) int {
	signal.Ignore(os.Interrupt)
	ctx := context.Background()
	p, err := Start(ctx, Options{DataDir: dir})
	if err != nil {
		_ = json.NewEncoder(os.Stdout).Encode(said{Error: err.Error()})
		return 1
	}
	_ = json.NewEncoder(os.Stdout).Encode(said{URL: p.URL(), Postmaster: postmaster(p)})
	_, _ = io.Copy(io.Discard, os.Stdin)
	if err := p.Stop(ctx); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// postmaster is the pid of the running server.
func postmaster(p *Postgres) int {
	raw, err := os.ReadFile(filepath.Join(p.dir.cluster(), "postmaster.pid"))
	if err != nil {
		return 0
	}
	f, err := parsePIDFile(raw)
	if err != nil {
		return 0
	}
	return f.pid
}

// folder is a fresh folder that every user can enter; t.TempDir is private to
// the user who runs the tests.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "vantahire-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	return dir
}

// run starts a database for the test and stops it at its end.
func run(t testing.TB, o Options) *Postgres {
	t.Helper()
	o.Logger = testLogger(t)
	p, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func testLogger(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelInfo}))
}

// ask runs one statement on its own connection and returns its one text value.
func ask(t testing.TB, url, sql string) string {
	t.Helper()
	answer, err := tryAsk(url, sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func tryAsk(url, sql string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close(ctx) }()
	var answer string
	if err := conn.QueryRow(ctx, sql).Scan(&answer); err != nil {
		return "", err
	}
	return answer, nil
}

// write leaves a mark in the database; read finds it.
func write(t testing.TB, url string) {
	t.Helper()
	ask(t, url, "WITH made AS (SELECT 1) SELECT 'ok' FROM made")
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "CREATE TABLE mark AS SELECT 'still here' AS word"); err != nil {
		t.Fatal(err)
	}
}

func wantMark(t testing.TB, url string) {
	t.Helper()
	if got := ask(t, url, "SELECT word FROM mark"); got != "still here" {
		t.Errorf("the data says %q", got)
	}
}

// eventually waits, bounded by the test's own deadline, until missing is empty.
func eventually(t testing.TB, missing func() string) {
	t.Helper()
	for {
		what := missing()
		if what == "" {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatalf("still missing: %s", what)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// program is another process that runs a database.
type program struct {
	cmd   *exec.Cmd
	stdin io.Closer
	said  said
}

// runProgram starts it as the given user and waits until it has spoken. It is
// killed at the end of the test, and its server with it.
func runProgram(t testing.TB, dataDir string, as *syscall.Credential) *program {
	t.Helper()
	cmd := exec.Command(testBinary(t)) //nolint:gosec // this test binary
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), helperEnv + "=" + dataDir}
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: as}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: cmd, stdin: stdin}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the program said %q: %v", line, err)
	}
	if err := json.Unmarshal([]byte(line), &p.said); err != nil {
		t.Fatal(err)
	}
	if dir := socketDirOf(p.said.URL); dir != "" {
		t.Cleanup(func() { _ = os.RemoveAll(dir) }) // a killed program can't
	}
	return p
}

// kill is kill -9.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// testBinary is a copy of this test binary that every user may run: the go
// command builds it in a private folder.
func testBinary(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(exe) //nolint:gosec // this test binary
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder(t), "program")
	if err := os.WriteFile(path, raw, 0o755); err != nil { //nolint:gosec // see above
		t.Fatal(err)
	}
	return path
}

// otherUsers are the users a test can play: always the one who runs it, and for
// root also nobody.
func otherUsers() map[string]*syscall.Credential {
	users := map[string]*syscall.Credential{"as the user of the tests": nil}
	if os.Geteuid() == 0 {
		users["as nobody"] = &syscall.Credential{Uid: 65534, Gid: 65534}
	}
	return users
}

// give makes a folder belong to the user.
func give(t testing.TB, dir string, to *syscall.Credential) {
	t.Helper()
	if to == nil {
		return
	}
	if err := os.Chown(dir, int(to.Uid), int(to.Gid)); err != nil {
		t.Fatal(err)
	}
}

// wantWords checks that a message holds what a person needs.
func wantWords(t testing.TB, message string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(message, w) {
			t.Errorf("the message lacks %q:\n%s", w, message)
		}
	}
}
