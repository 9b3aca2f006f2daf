package embedded

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/vantahire/vantahire/store/internal/child"
)

// runSleeper runs an unrelated process of the identity and returns its pid.
func runSleeper(t *testing.T, as identity) int {
	t.Helper()
	p, err := child.Start(child.Spec{Path: "/bin/sleep", Args: []string{"600"}, Dir: "/", Credential: as.credential()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.Signal(os.Kill)
		<-p.Done()
	})
	return p.PID()
}

func TestADataDirectoryThatCantBeUsedSaysWhy(t *testing.T) {
	t.Parallel()
	file := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil { //nolint:gosec // the database's user must pass
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		prepare func(t *testing.T, dir string)
		is      error
		words   []string
	}{
		"data of another major version": {
			func(t *testing.T, dir string) { file(t, filepath.Join(dir, clusterName, "PG_VERSION"), "12\n") },
			ErrVersion,
			[]string{"PostgreSQL 12 made it", "install PostgreSQL 12", EnvBinaries, "move the folder away", "DATABASE_URL"},
		},
		"a version nobody can read": {
			func(t *testing.T, dir string) { file(t, filepath.Join(dir, clusterName, "PG_VERSION"), "twelve\n") },
			nil,
			[]string{"PG_VERSION", "restore a backup"},
		},
		"a cluster that lost its version": {
			func(t *testing.T, dir string) { file(t, filepath.Join(dir, clusterName, "base", "1"), "") },
			ErrNotOurs,
			[]string{"PG_VERSION is missing", "move the folder away"},
		},
		"the data directory of another server": {
			func(t *testing.T, dir string) { file(t, filepath.Join(dir, "PG_VERSION"), "15\n") },
			ErrNotOurs,
			[]string{"another PostgreSQL server", "DATABASE_URL"},
		},
		"a folder with other things in it": {
			func(t *testing.T, dir string) { file(t, filepath.Join(dir, "thesis.odt"), "") },
			ErrNotOurs,
			[]string{"thesis.odt", "empty folder"},
		},
		"a file": {
			func(t *testing.T, dir string) { file(t, dir, "") },
			syscall.ENOTDIR,
			[]string{"not a directory"},
		},
		"a parent that is a file": {
			func(t *testing.T, dir string) { file(t, filepath.Dir(dir), "") },
			syscall.ENOTDIR,
			[]string{"not a directory", "choose"},
		},
		"a lock that is a link to elsewhere": {
			func(t *testing.T, dir string) {
				file(t, filepath.Join(dir, "x"), "")
				if err := os.Rename(filepath.Join(dir, "x"), filepath.Join(filepath.Dir(dir), "x")); err != nil {
					t.Fatal(err)
				}
				if err := os.Symlink("../x", filepath.Join(dir, lockName)); err != nil {
					t.Fatal(err)
				}
			},
			syscall.ELOOP,
			[]string{"lock"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(folder(t), "home", "pg")
			tc.prepare(t, dir)
			_, err := Start(t.Context(), Options{DataDir: dir})
			if err == nil {
				t.Fatal("it started")
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v is not %v", err, tc.is)
			}
			wantWords(t, err.Error(), append(tc.words, filepath.Dir(dir))...)
		})
	}
}

func TestAFolderWithoutRightsSaysWhoLacksThem(t *testing.T) {
	t.Parallel()
	private := filepath.Join(folder(t), "private")
	if err := os.Mkdir(private, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Geteuid() != 0 {
		if err := os.Chmod(private, 0); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(private, 0o700) }) //nolint:gosec // a folder
	}
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(private, "pg")})
	if err == nil {
		t.Fatal("it started")
	}
	wantWords(t, err.Error(), private, "DATABASE_URL")
	if os.Geteuid() != 0 {
		return
	}
	if !errors.Is(err, ErrUnreachable) {
		t.Errorf("%v is not ErrUnreachable", err)
	}
	wantWords(t, err.Error(), "can't enter "+private, "mode 0700", "/var/lib/vantahire")

	// The same as a normal user: the folder exists and belongs to root.
	open := filepath.Join(folder(t), "pg")
	if err := os.Mkdir(open, 0o755); err != nil { //nolint:gosec // it is to be readable
		t.Fatal(err)
	}
	got := runProgram(t, open, &syscall.Credential{Uid: 65534, Gid: 65534})
	wantWords(t, got.said.Error, open, "belongs to user 0", "runs as user 65534", "DATABASE_URL")
}

func TestAUserIDWithoutAnEntryIsExplained(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can become an unknown user")
	}
	stranger := &syscall.Credential{Uid: 54321, Gid: 54321}
	home := folder(t)
	give(t, home, stranger)
	got := runProgram(t, filepath.Join(home, "pg"), stranger)
	wantWords(t, got.said.Error, "could not look up effective user ID", "no entry in /etc/passwd", "DATABASE_URL")
}

func TestAFullDiskIsExplained(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small disk")
	}
	disk := filepath.Join(folder(t), "disk")
	if err := os.Mkdir(disk, 0o755); err != nil { //nolint:gosec // the database's user must pass
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=12m,mode=0755", "tmpfs", disk).CombinedOutput(); err != nil { //nolint:gosec // a folder of this test
		t.Skipf("this machine allows no mounts: %s", out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", disk).CombinedOutput(); err != nil { //nolint:gosec // a folder of this test
			t.Errorf("umount: %s", out)
		}
	})
	_, err := Start(t.Context(), Options{DataDir: filepath.Join(disk, "pg")})
	if err == nil {
		t.Fatal("it started")
	}
	wantWords(t, err.Error(), disk, "disk is full", "choose a data directory on another disk", "DATABASE_URL")
}

func TestASocketPathThatIsTooLongIsExplained(t *testing.T) {
	t.Parallel()
	long := filepath.Join(folder(t), strings.Repeat("x", 90))
	tune := defaultTuning()
	tune.socketParents = []string{long}
	_, err := start(t.Context(), Options{DataDir: dataDirWithCluster(t)}, tune)
	if err == nil {
		t.Fatal("it started")
	}
	wantWords(t, err.Error(), long, "too long for a unix socket", "set TMPDIR", "/tmp")

	tune.socketParents = []string{long, os.TempDir()}
	p, err := start(t.Context(), Options{DataDir: dataDirWithCluster(t)}, tune)
	if err != nil {
		t.Fatalf("with a shorter folder to turn to: %v", err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProgramsThatDoNotServeSayWhy(t *testing.T) {
	t.Parallel()
	const version = `[ "$1" = --version ] && { echo "postgres (PostgreSQL) 15.1"; exit; }` + "\n"
	const initdb = `while [ $# -gt 0 ]; do [ "$1" = -D ] && mkdir -p "$2" && echo 15 >"$2/PG_VERSION"; shift; done` + "\n"
	for name, tc := range map[string]struct {
		initdb, postgres string
		is               error
		words            []string
	}{
		"initdb fails": {
			`echo "initdb: error: could not create directory: No space left on device" >&2; exit 1`, version, nil,
			[]string{"initdb", "No space left on device", "disk is full"},
		},
		"the server ends at once": {
			initdb, version + `echo 'FATAL:  could not map anonymous shared memory: Cannot allocate memory' >&2; exit 1`, ErrExited,
			[]string{"Cannot allocate memory", "free some memory"},
		},
		"the server ends without a word": {
			initdb, version + "exit 3", ErrExited,
			[]string{"exit status 3"},
		},
		"the programs lack a library": {
			initdb, version + `echo 'postgres: error while loading shared libraries: libicu.so.60: cannot open shared object file' >&2; exit 127`, ErrExited,
			[]string{"libicu.so.60", "scripts/install-postgres.sh"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bin := fakeBinaries(t, tc.initdb, tc.postgres)
			_, err := Start(t.Context(), Options{DataDir: filepath.Join(folder(t), "pg"), BinDir: bin})
			if err == nil {
				t.Fatal("it started")
			}
			if tc.is != nil && !errors.Is(err, tc.is) {
				t.Errorf("%v is not %v", err, tc.is)
			}
			wantWords(t, err.Error(), tc.words...)
		})
	}
}

// fakeBinaries are shell scripts in place of the PostgreSQL programs; an empty
// one is left out.
func fakeBinaries(t *testing.T, initdb, postgres string) string {
	t.Helper()
	dir := folder(t)
	for name, script := range map[string]string{"initdb": initdb, "postgres": postgres} {
		if script == "" {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	return dir
}
