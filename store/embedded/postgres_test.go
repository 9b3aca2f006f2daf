package embedded

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

func TestTheDatabaseKeepsItsDataAcrossStarts(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "made", "below", "pg")
	ctx := t.Context()
	first, err := Start(ctx, Options{DataDir: dir, Fsync: true, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, first.URL())
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": "",
		"server_encoding": "UTF8", "data_checksums": "on", "timezone": "UTC",
	} {
		if got := ask(t, first.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	if info, err := os.Stat(first.socketDir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket folder is %v, %v; want mode 0700", info, err)
	}
	if err := first.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := first.Stop(ctx); err != nil {
		t.Errorf("a second stop: %v", err)
	}
	if _, err := os.Stat(first.socketDir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket folder is still there: %v", err)
	}

	second := run(t, Options{DataDir: dir, Settings: map[string]string{"work_mem": "7MB"}})
	wantMark(t, second.URL())
	if got := ask(t, second.URL(), "SHOW work_mem"); got != "7MB" {
		t.Errorf("work_mem is %s, want the setting that was given", got)
	}
	if got := ask(t, second.URL(), "SHOW fsync"); got != "off" {
		t.Errorf("fsync is %s, want off", got)
	}
	if second.Restarts() != 0 {
		t.Errorf("%d restarts of a server that never died", second.Restarts())
	}
}

func TestADiedServerIsStartedAgainWithItsData(t *testing.T) {
	t.Parallel()
	p := run(t, Options{DataDir: dataDirWithCluster(t), Fsync: true})
	write(t, p.URL())
	for death := 1; death <= 2; death++ {
		if err := syscall.Kill(postmaster(p), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, func() string {
			if p.Restarts() < death {
				return "restart " + strconv.Itoa(death)
			}
			return ""
		})
		wantMark(t, p.URL())
	}
}

// A worker that is busy does not notice for a while that its server is gone, and
// a new server must not start beside it.
func TestADiedServersBusyWorkersAreStoppedFirst(t *testing.T) {
	t.Parallel()
	tune := defaultTuning()
	tune.stale.quit = 50 * time.Millisecond
	ctx := t.Context()
	p, err := start(ctx, Options{DataDir: dataDirWithCluster(t), Logger: testLogger(t)}, tune)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Stop(ctx) }()
	conn, err := pgx.Connect(ctx, p.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	worker := int(conn.PgConn().PID())
	if err := syscall.Kill(worker, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(postmaster(p), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if p.Restarts() == 0 {
			return "the restart"
		}
		return ""
	})
	if pids, _ := serverProcesses(p.dir.cluster(), postmaster(p)); slices.Contains(pids, worker) {
		t.Error("the worker of the died server still works on the data")
	}
}

func TestAServerThatCantBeRevivedIsGivenUp(t *testing.T) {
	t.Parallel()
	tune := defaultTuning()
	tune.firstBackoff, tune.maxDeaths = time.Millisecond, 3
	dir := dataDirWithCluster(t)
	p, err := start(t.Context(), Options{DataDir: dir, Logger: testLogger(t)}, tune)
	if err != nil {
		t.Fatal(err)
	}
	pid := postmaster(p)
	if err := os.Rename(filepath.Join(p.dir.cluster(), "global"), filepath.Join(dir, "gone")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if !errors.Is(p.Err(), ErrExited) {
		t.Errorf("gave up with %v, want ErrExited", p.Err())
	}
	if err := p.Stop(t.Context()); !errors.Is(err, ErrExited) {
		t.Errorf("stop answers %v, want why it was given up", err)
	}
}

func TestAStopHurriesWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	dir := dataDirWithCluster(t)
	p, err := Start(t.Context(), Options{DataDir: dir, Fsync: true, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.URL())
	if err := syscall.Kill(postmaster(p), syscall.SIGSTOP); err != nil { // it will not listen
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); err == nil {
		t.Error("a killed server counts as a clean stop")
	}
	wantMark(t, run(t, Options{DataDir: dir}).URL())
}

func TestAKilledProgramLeavesADatabaseThatStartsAtOnce(t *testing.T) {
	t.Parallel()
	for name, user := range otherUsers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := folder(t)
			give(t, home, user)
			dir := filepath.Join(home, "pg")
			first := runProgram(t, dir, user)
			if first.said.Error != "" {
				t.Fatal(first.said.Error)
			}
			if user == nil {
				write(t, first.said.URL)
			}
			first.kill()

			second := runProgram(t, dir, user) // without any pause
			if second.said.Error != "" {
				t.Fatal(second.said.Error)
			}
			if user == nil {
				wantMark(t, second.said.URL)
			}
			if first.said.Postmaster == second.said.Postmaster {
				t.Error("the server of the killed program is still the one that runs")
			}
			if _, err := os.Stat(socketDirOf(first.said.URL)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("the killed program's socket folder: %v, want it removed", err)
			}
			second.kill()
			eventually(t, func() string {
				if pids, _ := serverProcesses(filepath.Join(dir, clusterName), second.said.Postmaster); len(pids) > 0 {
					return "the end of the killed program's server"
				}
				return ""
			})
		})
	}
}

// socketDirOf is the folder of ours in an address; empty when it names none.
func socketDirOf(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil || !strings.HasPrefix(filepath.Base(config.Host), socketPrefix) {
		return ""
	}
	return config.Host
}

func TestASecondProgramOnTheSameDataIsRefused(t *testing.T) {
	t.Parallel()
	dir := dataDirWithCluster(t)
	first := runProgram(t, dir, nil)
	if first.said.Error != "" {
		t.Fatal(first.said.Error)
	}
	_, err := Start(t.Context(), Options{DataDir: dir})
	if !errors.Is(err, ErrInUse) {
		t.Fatalf("second start: %v, want ErrInUse", err)
	}
	wantWords(t, err.Error(), dir, "pid "+strconv.Itoa(first.cmd.Process.Pid), "stop that program", "DATABASE_URL")
	if got := ask(t, first.said.URL, "SELECT 'alive'"); got != "alive" {
		t.Errorf("the first program's database says %q", got)
	}
	_ = first.stdin.Close()
	if err := first.cmd.Wait(); err != nil {
		t.Errorf("the first program's end: %v", err)
	}
	run(t, Options{DataDir: dir})
}

func TestAnOlderServerThatDoesNotListenIsKilled(t *testing.T) {
	t.Parallel()
	dir := dataDirWithCluster(t)
	first := runProgram(t, dir, nil)
	if first.said.Error != "" {
		t.Fatal(first.said.Error)
	}
	if err := syscall.Kill(first.said.Postmaster, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	first.kill()
	cluster := filepath.Join(dir, clusterName)
	short := patience{interrupt: 50 * time.Millisecond, quit: 50 * time.Millisecond, kill: 10 * time.Second}
	if err := clearStale(t.Context(), cluster, short, testLogger(t)); err != nil {
		t.Fatal(err)
	}
	if pids, _ := serverProcesses(cluster, first.said.Postmaster); len(pids) > 0 {
		t.Errorf("processes %v still work on the cluster", pids)
	}
	run(t, Options{DataDir: dir})
}

func TestALeftoverPIDFileDoesNotStopTheStart(t *testing.T) {
	t.Parallel()
	dir := dataDirWithCluster(t)
	p, err := Start(t.Context(), Options{DataDir: dir, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	cluster, as := p.dir.cluster(), p.dir.as
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	// The pid of a live process of the same user, as after a reboot.
	other := runSleeper(t, as)
	path := filepath.Join(cluster, "postmaster.pid")
	if err := os.WriteFile(path, []byte(strconv.Itoa(other)+"\n"+cluster+"\n1700000000\n5432\n/tmp\n\n  1234 5678\nready\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := as.own(path); err != nil {
		t.Fatal(err)
	}
	run(t, Options{DataDir: dir})
	if err := syscall.Kill(other, 0); err != nil {
		t.Errorf("the process that happens to have the pid: %v, want it untouched", err)
	}
}

func TestAnUnfinishedClusterIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	if err := os.MkdirAll(filepath.Join(dir, initName, "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, initName, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, Options{DataDir: dir})
	if _, err := os.Stat(filepath.Join(dir, initName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished cluster: %v, want it gone", err)
	}
}

func TestAStartThatIsCalledOffLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(folder(t), "pg")
	why := errors.New("called off")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := Start(ctx, Options{DataDir: dir}); !errors.Is(err, why) {
		t.Fatalf("start answers %v, want the cause", err)
	}
	run(t, Options{DataDir: dir})
}

// The programs of scripts/install-postgres.sh are run when they are there.
func TestEveryInstalledVersionWorks(t *testing.T) {
	t.Parallel()
	found := installed(usualPlaces())
	if len(found) == 0 {
		t.Fatal(findError(t))
	}
	for _, b := range found {
		t.Run(strings.ReplaceAll(b.dir, "/", " "), func(t *testing.T) {
			t.Parallel()
			p := run(t, Options{DataDir: filepath.Join(folder(t), "pg"), BinDir: b.dir})
			if got := ask(t, p.URL(), "SHOW server_version"); !strings.HasPrefix(got, b.version) || p.Version() != b.version {
				t.Errorf("the server is %s and says %s, want %s", got, p.Version(), b.version)
			}
		})
	}
}

func findError(t *testing.T) error {
	t.Helper()
	_, _, err := FindBinaries("")
	return err
}

func BenchmarkWarmStart(b *testing.B) {
	dir := dataDirWithCluster(b)
	for b.Loop() {
		p, err := Start(b.Context(), Options{DataDir: dir, Fsync: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := p.Stop(b.Context()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}
