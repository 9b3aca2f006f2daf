package embedded

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// EnvBinaries names the environment variable with the folder of the
	// PostgreSQL programs to use.
	EnvBinaries = "VANTAHIRE_PG_BIN"
	// oldestMajor is the oldest PostgreSQL the SQL of this program runs on.
	oldestMajor = 14
	// versionLimit bounds the call that asks a program for its version.
	versionLimit = 10 * time.Second
)

// systemBinaries are the places where distributions and installers put them.
var systemBinaries = []string{
	"/usr/lib/postgresql/*/bin",                          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                                   // Red Hat, from postgresql.org
	"/opt/homebrew/opt/postgresql@*/bin",                 // Homebrew, Apple silicon
	"/usr/local/opt/postgresql@*/bin",                    // Homebrew, Intel
	"/Applications/Postgres.app/Contents/Versions/*/bin", // Postgres.app
}

// binaries is a folder with the programs of one PostgreSQL version.
type binaries struct {
	dir     string
	version string // such as 15.18
	major   int
	place   int // index into the usual places; lower is preferred
}

// FindBinaries returns the folder with the PostgreSQL programs to use and their
// version. It looks at explicit, then at VANTAHIRE_PG_BIN, and only without
// either at the system's usual places, the cache folder of
// scripts/install-postgres.sh and PATH: the first place with a version from 14 on
// wins, and there the newest one. It runs the programs it finds to ask their
// version. Errors wrap ErrNoBinaries and name the ways out.
func FindBinaries(explicit string) (dir, version string, err error) {
	found, err := findBinaries(explicit, 0)
	return found.dir, found.version, err
}

// findBinaries prefers programs of the given major version, which is the one of
// existing data: a newer PostgreSQL installed later must not lock the data out.
func findBinaries(explicit string, major int) (binaries, error) {
	for _, named := range []struct{ dir, by string }{{explicit, "the configuration"}, {os.Getenv(EnvBinaries), EnvBinaries}} {
		if named.dir == "" {
			continue
		}
		b, err := inspect(named.dir)
		if err != nil {
			return binaries{}, &StartError{
				Op: "use the PostgreSQL programs in", Path: named.dir, Err: fmt.Errorf("%w: %w", ErrNoBinaries, err),
				Hint: fmt.Sprintf("%s must name the folder that holds postgres and initdb, version %d or newer, such as /usr/lib/postgresql/15/bin", named.by, oldestMajor),
			}
		}
		return b, nil
	}
	return pick(usualPlaces(), major)
}

// pick chooses among the usual places.
func pick(places [][]string, major int) (binaries, error) {
	b, ok := choose(installed(places), major)
	if !ok {
		return binaries{}, &StartError{
			Op: "start a private database", Err: ErrNoBinaries,
			Hint: fmt.Sprintf("install PostgreSQL %d or newer (Debian: apt-get install postgresql; macOS: brew install postgresql), or run scripts/install-postgres.sh, or set %s to the folder of its programs, %s", oldestMajor, EnvBinaries, otherDatabase),
		}
	}
	return b, nil
}

// choose takes the wanted major version if there is one, then the better place,
// because the system's programs get the system's security updates, then the newest.
func choose(found []binaries, major int) (binaries, bool) {
	if len(found) == 0 {
		return binaries{}, false
	}
	return slices.MaxFunc(found, func(a, b binaries) int {
		if c := cmp.Compare(btoi(a.major == major), btoi(b.major == major)); c != 0 {
			return c
		}
		if c := cmp.Compare(b.place, a.place); c != 0 {
			return c
		}
		return slices.Compare(versionNumbers(a.version), versionNumbers(b.version))
	}), true
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// usualPlaces lists the folders worth a look, the best place first.
func usualPlaces() [][]string {
	var places [][]string
	look := func(pattern string) {
		if found, err := filepath.Glob(pattern); err == nil && len(found) > 0 {
			places = append(places, found)
		}
	}
	for _, pattern := range systemBinaries {
		look(pattern)
	}
	for _, cache := range cacheDirs() {
		look(filepath.Join(cache, "postgres", "*", "native", "bin"))
	}
	if path, err := exec.LookPath("postgres"); err == nil {
		// A link in PATH stands alone; initdb is beside the real program.
		if path, err = filepath.EvalSymlinks(path); err == nil && !slices.Contains(slices.Concat(places...), filepath.Dir(path)) {
			places = append(places, []string{filepath.Dir(path)})
		}
	}
	return places
}

// cacheDirs are the folders scripts/install-postgres.sh unpacks into: one that
// every user can enter when it runs as root, else the user's own.
func cacheDirs() []string {
	var dirs []string
	if os.Geteuid() == 0 {
		dirs = append(dirs, "/var/cache/vantahire")
	}
	if dir, err := os.UserCacheDir(); err == nil {
		dirs = append(dirs, filepath.Join(dir, "vantahire"))
	}
	return dirs
}

// installed keeps the folders whose programs this process can really use.
func installed(places [][]string) []binaries {
	as, err := serverIdentity()
	if err != nil {
		return nil
	}
	var found []binaries
	for i, dirs := range places {
		for _, dir := range dirs {
			b, err := inspect(dir)
			if err == nil && as.canEnter(dir) == nil {
				b.place = i
				found = append(found, b)
			}
		}
	}
	return found
}

// inspect checks that the folder holds the two programs we run and asks their
// version. The programs come from one build, so one is asked.
func inspect(dir string) (binaries, error) {
	for _, program := range []string{"initdb", "postgres"} {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil {
			return binaries{}, err
		}
		if info.IsDir() || info.Mode()&0o111 == 0 {
			return binaries{}, fmt.Errorf("%s is not a program", filepath.Join(dir, program))
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), versionLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output() //nolint:gosec // a program of the operator's choice
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && len(exit.Stderr) > 0 {
			return binaries{}, fmt.Errorf("postgres --version: %w (%s)", err, lastLine(string(exit.Stderr)))
		}
		return binaries{}, fmt.Errorf("postgres --version: %w", err)
	}
	version, major, err := parseVersion(string(out))
	if err != nil {
		return binaries{}, err
	}
	if major < oldestMajor {
		return binaries{}, fmt.Errorf("PostgreSQL %s is older than %d", version, oldestMajor)
	}
	return binaries{dir: dir, version: version, major: major}, nil
}

// parseVersion reads "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", and
// "18beta1" for a version under development.
func parseVersion(out string) (version string, major int, err error) {
	_, rest, ok := strings.Cut(out, "(PostgreSQL) ")
	fields := strings.Fields(rest)
	if !ok || len(fields) == 0 {
		return "", 0, fmt.Errorf("%q is not the answer of a PostgreSQL program", out)
	}
	numbers := versionNumbers(fields[0])
	if len(numbers) == 0 {
		return "", 0, fmt.Errorf("%q is not a PostgreSQL version", fields[0])
	}
	return fields[0], numbers[0], nil
}

// versionNumbers is the leading "15.18" of a version as numbers.
func versionNumbers(version string) []int {
	var numbers []int
	for part := range strings.SplitSeq(version, ".") {
		digits := part
		if i := strings.IndexFunc(part, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
			digits = part[:i]
		}
		n, err := strconv.Atoi(digits)
		if err != nil {
			break
		}
		numbers = append(numbers, n)
		if digits != part {
			break
		}
	}
	return numbers
}
