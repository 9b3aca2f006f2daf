package embedded

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestBinariesThatAreNamedMustBeRight(t *testing.T) {
	t.Parallel()
	says := func(line string) string { return "echo '" + line + "'" }
	for name, tc := range map[string]struct {
		dir   func(t *testing.T) string
		words []string
	}{
		"a folder that does not exist": {func(*testing.T) string { return "/nonexistent/bin" }, []string{"no such file"}},
		"initdb is missing":            {func(t *testing.T) string { return fakeBinaries(t, "", says("postgres (PostgreSQL) 15.1")) }, []string{"initdb"}},
		"postgres is missing":          {func(t *testing.T) string { return fakeBinaries(t, "true", "") }, []string{"postgres"}},
		"too old":                      {func(t *testing.T) string { return fakeBinaries(t, "true", says("postgres (PostgreSQL) 13.9")) }, []string{"13.9", "older than 14"}},
		"another program":              {func(t *testing.T) string { return fakeBinaries(t, "true", says("Hello")) }, []string{"Hello"}},
		"it does not run":              {func(t *testing.T) string { return fakeBinaries(t, "true", "echo broken >&2; exit 4") }, []string{"exit status 4", "broken"}},
		"postgres is a folder": {func(t *testing.T) string {
			dir := fakeBinaries(t, "true", "")
			if err := os.Mkdir(filepath.Join(dir, "postgres"), 0o700); err != nil {
				t.Fatal(err)
			}
			return dir
		}, []string{"not a program"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tc.dir(t)
			_, _, err := FindBinaries(dir)
			if !errors.Is(err, ErrNoBinaries) {
				t.Fatalf("%v is not ErrNoBinaries", err)
			}
			wantWords(t, err.Error(), append(tc.words, dir, "version 14 or newer")...)
		})
	}
}

// It changes the environment, so it does not run beside others.
func TestBinariesComeFromTheEnvironmentFirst(t *testing.T) {
	dir := fakeBinaries(t, "true", "echo 'postgres (PostgreSQL) 17.2'")
	t.Setenv(EnvBinaries, dir)
	got, version, err := FindBinaries("")
	if err != nil || got != dir || version != "17.2" {
		t.Errorf("found %s %s, %v; want %s 17.2", got, version, err, dir)
	}
	t.Setenv(EnvBinaries, "/nonexistent")
	_, _, err = FindBinaries("")
	if !errors.Is(err, ErrNoBinaries) {
		t.Fatalf("%v is not ErrNoBinaries", err)
	}
	wantWords(t, err.Error(), EnvBinaries+" must name")
}

func TestAMachineWithoutPostgreSQLIsToldTheWaysOut(t *testing.T) {
	t.Parallel()
	for name, places := range map[string][][]string{
		"nothing anywhere":     nil,
		"only what is too old": {{fakeBinaries(t, "true", "echo 'postgres (PostgreSQL) 11.4'")}},
	} {
		_, err := pick(places, 0)
		if !errors.Is(err, ErrNoBinaries) {
			t.Fatalf("%s: %v is not ErrNoBinaries", name, err)
		}
		wantWords(t, err.Error(), "apt-get install postgresql", "brew install postgresql", "scripts/install-postgres.sh", EnvBinaries, "DATABASE_URL")
	}
}

func TestTheSystemsNewestVersionWinsUnlessTheDataWantsAnother(t *testing.T) {
	t.Parallel()
	found := []binaries{{"a", "15.9", 15, 0}, {"b", "16.2", 16, 0}, {"c", "15.18", 15, 0}, {"d", "18.4", 18, 1}, {"e", "18.5", 18, 2}}
	for name, tc := range map[string]struct {
		major int
		want  string
	}{
		"no data yet":                      {0, "b"},
		"data of an older version":         {15, "c"},
		"data of no such version":          {14, "b"},
		"data of a version from the cache": {18, "d"},
	} {
		if got, ok := choose(found, tc.major); !ok || got.dir != tc.want {
			t.Errorf("%s: chose %s, want %s", name, got.dir, tc.want)
		}
	}
	if _, ok := choose(nil, 0); ok {
		t.Error("chose from nothing")
	}
}

func FuzzParseVersion(f *testing.F) {
	for _, s := range []string{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n", "postgres (PostgreSQL) 18beta1", "postgres (PostgreSQL) 18.4",
		"postgres (PostgreSQL) ", "(PostgreSQL) .", "(PostgreSQL) 99999999999999999999", "",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		version, major, err := parseVersion(s)
		if err == nil && (version == "" || major < 0) {
			t.Errorf("parsed %q as %q, %d", s, version, major)
		}
	})
}

func FuzzParsePIDFile(f *testing.F) {
	for _, s := range []string{"1234\n/var/lib/x\n1700000000\n5432\n/tmp\n\n 1 2\nready\n", "1234", "-77\n", "0\n", "1\n", "x", "", "99999999999\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if file, err := parsePIDFile(raw); err == nil && file.pid <= 1 {
			t.Errorf("pid %d would be signalled: it means a group or everyone", file.pid)
		}
	})
}

func TestHintsFitWhatTheProgramsSay(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		`FATAL:  could not write to file "pg_wal/xlogtemp.9": No space left on device`:                       "disk is full",
		`FATAL:  could not resize shared memory segment "/PostgreSQL.1" to 1 bytes: No space left on device`: "--shm-size",
		`initdb: error: could not access directory "/x/cluster.init": Permission denied`:                     "let the user",
		`FATAL:  Unix-domain socket path "/x/.s.PGSQL.5432" is too long (maximum 107 bytes)`:                 "TMPDIR",
		`FATAL:  lock file "postmaster.pid" already exists`:                                                  "still running",
		`FATAL:  pre-existing shared memory block (key 1, ID 2) is still in use`:                             "still running",
		`FATAL:  database files are incompatible with server`:                                                "version that made",
		`FATAL:  data directory "/x" has invalid permissions`:                                                "chmod 700",
		`PANIC:  could not locate a valid checkpoint record`:                                                 "damaged",
		`initdb: error: could not look up effective user ID 54321: user does not exist`:                      "/etc/passwd",
		`mkdir: Read-only file system`:                                                                       "writable disk",
		`FATAL:  something new`:                                                                              "",
	} {
		got := hintFor(output)
		if want == "" && got != "" {
			t.Errorf("%s: hint %q, want none", output, got)
		}
		wantWords(t, got, want)
	}
}
