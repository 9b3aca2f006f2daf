package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

// npm is the path of a stand-in for npm that runs npm.sh of the test's folder.
// It is written before any test runs: a program can't be started while another
// test's new process still holds it open for writing.
var npm string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "npm-*")
	if err != nil {
		panic(err)
	}
	npm = filepath.Join(dir, "npm")
	if err := os.WriteFile(npm, []byte("#!/bin/sh\n. ../../npm.sh\n"), 0o755); err != nil { // #nosec G306 -- must be executable
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// bench is a dist folder, a cache and a stand-in for npm.
type bench struct {
	fetcher
	log bytes.Buffer
	dir string
}

// setup returns a fetcher whose npm runs script (a shell script's body); the
// file $TARBALL in it is tarball.
func setup(t *testing.T, script string, tarball []byte) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir()}
	at := func(name string) string { return filepath.Join(b.dir, name) }
	put(t, at("dist/README.md"), []byte("read me"))
	put(t, at("package.tgz"), tarball)
	script = fmt.Sprintf("TARBALL='%s'\necho \"$@\" >> '%s'\n%s\n", at("package.tgz"), at("calls"), script)
	put(t, at("npm.sh"), []byte(script))
	b.fetcher = fetcher{cache: cache{dir: at("cache"), npm: npm}, dist: at("dist"), out: &b.log}
	return b
}

func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// calls are the arguments npm was called with.
func (b *bench) calls(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(b.dir, "calls"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// content is a file of the dist folder, "" when it is missing.
func (b *bench) content(name string) string {
	raw, _ := os.ReadFile(filepath.Join(b.dist, name))
	return string(raw)
}

const deliver = `cp "$TARBALL" data-1.0.0.tgz`

// pack makes an npm-like tarball.
func pack(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var raw bytes.Buffer
	zw := gzip.NewWriter(&raw)
	tw := tar.NewWriter(zw)
	for name, content := range files {
		err := tw.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg})
		if _, werr := tw.Write([]byte(content)); errors.Join(err, werr) != nil {
			t.Fatal(err, werr)
		}
	}
	if err := errors.Join(tw.Close(), zw.Close()); err != nil {
		t.Fatal(err)
	}
	return raw.Bytes()
}

// pinned is a manifest of one package with the checksum of tarball.
func pinned(tarball []byte) manifest {
	digest := sha512.Sum512(tarball)
	return manifest{Packages: []pkg{{
		Name: "@scope/data", Version: "1.0.0", What: "data", Without: "life goes on",
		Integrity: "sha512-" + base64.StdEncoding.EncodeToString(digest[:]),
		Files:     []file{{From: "package/data.bin", To: "data.bin"}, {From: "package/LICENSE", To: "licences/data.txt"}},
		Licences:  []string{"silero-vad.txt"},
	}}}
}

func TestWhatIsMissingIsFetchedOnce(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": "payload", "package/LICENSE": "be nice", "package/other": "unwanted"})
	b, m := setup(t, deliver, tarball), pinned(tarball)
	for range 2 {
		if err := b.run(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := b.calls(t); len(got) != 1 || !strings.HasPrefix(got[0], "pack @scope/data@1.0.0 ") {
		t.Errorf("npm calls = %q, want one pack of the exact version", got)
	}
	if b.content("data.bin") != "payload" || b.content("licences/data.txt") != "be nice" {
		t.Error("the files are not what the tarball holds")
	}
	if !strings.Contains(b.content("licences/silero-vad.txt"), "MIT License") {
		t.Error("the committed licence text is missing")
	}
	if b.content("other") != "" {
		t.Error("an unlisted file was taken")
	}
	if got := strings.Count(b.log.String(), "\n"); got != 1 {
		t.Errorf("messages = %q, want one line", b.log.String())
	}
	if left, _ := filepath.Glob(filepath.Join(b.dir, ".fetch-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDamageIsRepairedFromTheCacheWithoutNetwork(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": "payload", "package/LICENSE": "be nice"})
	for name, damage := range map[string]func(*bench){
		"a file was changed":    func(b *bench) { put(t, filepath.Join(b.dist, "data.bin"), []byte("payloaD")) },
		"a file is gone":        func(b *bench) { _ = os.Remove(filepath.Join(b.dist, "licences/data.txt")) },
		"the record is gone":    func(b *bench) { _ = os.Remove(filepath.Join(b.dist, recordName)) },
		"the record is garbage": func(b *bench) { put(t, filepath.Join(b.dist, recordName), []byte("null")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, m := setup(t, deliver, tarball), pinned(tarball)
			if err := b.run(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			damage(b)
			if err := b.run(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if b.content("data.bin") != "payload" || b.content("licences/data.txt") != "be nice" || len(b.calls(t)) != 1 {
				t.Errorf("not repaired, or by %d downloads", len(b.calls(t)))
			}
		})
	}
}

func TestADamagedCacheIsDownloadedAgain(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": "payload", "package/LICENSE": "be nice"})
	b, m := setup(t, deliver, tarball), pinned(tarball)
	put(t, filepath.Join(b.cache.dir, m.Packages[0].tarball()), tarball[:len(tarball)/2])
	if err := b.run(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if b.content("data.bin") != "payload" || len(b.calls(t)) != 1 {
		t.Error("the damaged tarball was used, or not replaced")
	}
}

func TestAPackageThatIsNotThePinnedOneIsRefused(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": "evil", "package/LICENSE": "be nice"})
	b, m := setup(t, deliver, tarball), pinned([]byte("another tarball"))
	err := b.run(t.Context(), m)
	if !errors.Is(err, errIntegrity) || !strings.Contains(err.Error(), "@scope/data@1.0.0") {
		t.Errorf("error = %v, want errIntegrity with the package's name", err)
	}
	if b.content("data.bin") != "" {
		t.Error("its file was installed")
	}
	if left, _ := filepath.Glob(filepath.Join(b.cache.dir, "*")); len(left) != 0 {
		t.Errorf("it is in the cache: %v", left)
	}
	if onlyUnreachable(err) {
		t.Error("-optional would let it pass")
	}
}

func TestFailuresSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	full := pack(t, map[string]string{"package/data.bin": "payload", "package/LICENSE": "be nice"})
	lacking := pack(t, map[string]string{"package/data.bin": "payload"})
	converted := pinned(full)
	converted.Packages[0].Files[0].Convert = "silero"
	for name, tc := range map[string]struct {
		script  string
		tarball []byte
		m       manifest
		prepare func(*bench)
		want    string
		is      error
		soft    bool // -optional lets it pass
	}{
		"npm is not installed":        {deliver, full, pinned(full), func(b *bench) { b.cache.npm = "npm-is-not-here" }, "install Node.js", errNoNPM, true},
		"there is no network":         {"echo npm error code ENOTFOUND >&2; echo more >&2; exit 1", full, pinned(full), nil, "code ENOTFOUND)", errDownload, true},
		"npm leaves nothing":          {"exit 0", full, pinned(full), nil, "0 tarballs", errDownload, true},
		"the package lacks a file":    {deliver, lacking, pinned(lacking), nil, `lacks ["package/LICENSE"]`, nil, false},
		"the package is no tarball":   {deliver, []byte("text"), pinned([]byte("text")), nil, "open tarball", nil, false},
		"a file can't be converted":   {deliver, full, converted, nil, "convert package/data.bin", nil, false},
		"dist is some other folder":   {deliver, full, pinned(full), func(b *bench) { b.dist = b.dir }, "not the folder for assets", os.ErrNotExist, false},
		"the cache can't be created":  {deliver, full, pinned(full), func(b *bench) { b.cache.dir = filepath.Join(b.dist, "README.md", "x") }, "cache folder", nil, false},
		"a target folder is a file":   {deliver, full, pinned(full), func(b *bench) { put(t, filepath.Join(b.dist, "licences"), nil) }, "write licences/data.txt", nil, false},
		"the target file is a folder": {deliver, full, pinned(full), func(b *bench) { put(t, filepath.Join(b.dist, "data.bin", "x"), nil) }, "write data.bin", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t, tc.script, tc.tarball)
			if tc.prepare != nil {
				tc.prepare(b)
			}
			err := b.run(t.Context(), tc.m)
			if err == nil || !strings.Contains(err.Error(), tc.want) || (tc.is != nil && !errors.Is(err, tc.is)) {
				t.Errorf("error = %v, want one with %q (is %v)", err, tc.want, tc.is)
			}
			if onlyUnreachable(err) != tc.soft {
				t.Errorf("passes with -optional: %v, want %v", !tc.soft, tc.soft)
			}
		})
	}
}

func TestACancelledDownloadStopsAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t, "exec sleep 60", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.run(ctx, pinned([]byte("x"))); err == nil {
		t.Error("no error after cancel")
	}
}

func TestOneBadPackageDoesNotKeepTheOthersOut(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": "payload", "package/LICENSE": "be nice"})
	b := setup(t, `case "$2" in *bad*) exit 1;; esac; `+deliver, tarball)
	m := pinned(tarball)
	bad := m.Packages[0]
	bad.Name, bad.Files = "bad", []file{{From: "package/data.bin", To: "bad.bin"}}
	m.Packages = append([]pkg{bad}, m.Packages...)
	err := b.run(t.Context(), m)
	failed := failedPackages(err)
	if len(failed) != 1 || failed[0].pkg.Name != "bad" {
		t.Errorf("failed = %v, want the bad one", failed)
	}
	if b.content("data.bin") != "payload" {
		t.Error("the good one was not installed")
	}
}

func TestSeveralRunsAtOnceLeaveCompleteFiles(t *testing.T) {
	t.Parallel()
	tarball := pack(t, map[string]string{"package/data.bin": strings.Repeat("payload", 1<<15), "package/LICENSE": "be nice"})
	b, m := setup(t, deliver, tarball), pinned(tarball)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			f := b.fetcher
			f.out = new(bytes.Buffer)
			if err := f.run(context.WithoutCancel(t.Context()), m); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if !b.current(m.Packages[0], b.readRecord()[m.Packages[0].id()]) {
		t.Error("the dist folder is not complete")
	}
}

func TestTheCommandAnswersByItsExitCode(t *testing.T) {
	empty := t.TempDir()
	t.Setenv("PATH", empty) // no npm
	dist := filepath.Join(t.TempDir(), "dist")
	put(t, filepath.Join(dist, "README.md"), nil)
	getenv := func(key string) string {
		return map[string]string{"VANTAHIRE_CACHE": filepath.Join(empty, "cache")}[key]
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"without npm it fails":               {[]string{"-dist", dist}, 1, "install Node.js"},
		"without npm -optional is content":   {[]string{"-optional", "-dist", dist}, 0, "the energy gate will be used"},
		"another folder is never fine":       {[]string{"-optional", "-dist", empty}, 1, "not the folder for assets"},
		"an unknown flag is a mistake":       {[]string{"-what"}, 2, "flag provided but not defined"},
		"without npm nothing names any host": {[]string{"-dist", dist}, 1, "npm was not found"},
	} {
		var out, errs bytes.Buffer
		if code := command(t.Context(), tc.args, getenv, &out, &errs); code != tc.code || !strings.Contains(errs.String(), tc.says) {
			t.Errorf("%s: code %d, %q; want %d and %q", name, code, errs.String(), tc.code, tc.says)
		}
		if strings.Contains(errs.String(), "://") {
			t.Errorf("%s: the message names a host: %q", name, errs.String())
		}
	}
}

func TestTheCacheFolderFollowsTheEnvironment(t *testing.T) {
	dir, err := cacheDir(func(string) string { return "/somewhere" })
	if err != nil || dir != filepath.FromSlash("/somewhere/assets") {
		t.Errorf("cacheDir = %q, %v", dir, err)
	}
	t.Setenv("HOME", "")
	t.Setenv("XDG_CACHE_HOME", "")
	if dir, err := cacheDir(func(string) string { return "" }); err == nil || !strings.Contains(err.Error(), "VANTAHIRE_CACHE") {
		t.Errorf("cacheDir without a home = %q, %v; want an error that names VANTAHIRE_CACHE", dir, err)
	}
}
