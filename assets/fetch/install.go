package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// maxFile bounds one file taken from a tarball (the largest we know of is 21 MB).
const maxFile = 64 << 20

// recordName is the file in the dist folder that says what is there.
const recordName = "fetched.json"

// record tells what a dist folder holds: by package, the pinned source and the
// SHA-256 of each file it brought.
type record map[string]origin

type origin struct {
	Integrity string            `json:"integrity"`
	Files     map[string]string `json:"files"`
}

// fetcher puts packages into a dist folder.
type fetcher struct {
	cache cache
	dist  string
	out   io.Writer // progress, for a person
}

// run fetches what is missing of m. Each package that fails has its error in
// the result; the others are fetched.
func (f fetcher) run(ctx context.Context, m manifest) error {
	if _, err := os.Stat(filepath.Join(f.dist, "README.md")); err != nil {
		return fmt.Errorf("%s is not the folder for assets; run this in the repository or pass -dist: %w", f.dist, err)
	}
	have := f.readRecord()
	var failed []error
	changed := false
	for _, p := range m.Packages {
		if f.current(p, have[p.id()]) {
			continue
		}
		o, err := f.install(ctx, p)
		if err != nil {
			failed = append(failed, &packageError{p, err})
			continue
		}
		have[p.id()], changed = o, true
	}
	for id := range have { // an older version's entry says nothing about today's files
		if !slices.ContainsFunc(m.Packages, func(p pkg) bool { return p.id() == id }) {
			delete(have, id)
			changed = true
		}
	}
	if changed {
		raw, err := json.MarshalIndent(have, "", "  ")
		if err != nil {
			return fmt.Errorf("encode %s: %w", recordName, err)
		}
		if err := f.write(recordName, append(raw, '\n')); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// packageError says which package failed.
type packageError struct {
	pkg pkg
	err error
}

func (e *packageError) Error() string {
	return fmt.Sprintf("%s (%s): %v", e.pkg.id(), e.pkg.What, e.err)
}

func (e *packageError) Unwrap() error { return e.err }

// readRecord is what the dist folder says it holds. Anything unreadable counts
// as nothing and is fetched anew.
func (f fetcher) readRecord() record {
	have := record{}
	raw, err := os.ReadFile(filepath.Join(f.dist, recordName))
	if err != nil || json.Unmarshal(raw, &have) != nil || have == nil {
		return record{}
	}
	return have
}

// current reports whether every file of p is in place, byte for byte.
func (f fetcher) current(p pkg, o origin) bool {
	if o.Integrity != p.Integrity {
		return false
	}
	for _, name := range p.targets() {
		raw, err := os.ReadFile(filepath.Join(f.dist, filepath.FromSlash(name)))
		if err != nil || o.Files[name] != sum(raw) {
			return false
		}
	}
	return true
}

// targets are the names of all files a package puts into the dist folder.
func (p pkg) targets() []string {
	var names []string
	for _, file := range p.Files {
		names = append(names, file.To)
	}
	for _, l := range p.Licences {
		names = append(names, "licences/"+l)
	}
	return names
}

// install brings one package.
func (f fetcher) install(ctx context.Context, p pkg) (origin, error) {
	raw, fresh, err := f.cache.tarball(ctx, p)
	if err != nil {
		return origin{}, err
	}
	source := "cache"
	if fresh {
		source = "download"
	}
	content, err := unpack(raw, p.Files)
	if err != nil {
		return origin{}, err
	}
	for _, l := range p.Licences {
		text, err := committed.ReadFile("licences/" + l)
		if err != nil {
			return origin{}, fmt.Errorf("licence text: %w", err)
		}
		content["licences/"+l] = text
	}
	o := origin{Integrity: p.Integrity, Files: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if err := f.write(name, content[name]); err != nil {
			return origin{}, err
		}
		o.Files[name] = sum(content[name])
	}
	_, err = fmt.Fprintf(f.out, "assets: %s (%s) from %s\n", p.id(), p.What, source)
	return o, err
}

// unpack takes files out of a tarball, converted where the manifest says so,
// and returns them by their target name.
func unpack(tarball []byte, files []file) (map[string][]byte, error) {
	wanted := map[string]file{}
	for _, f := range files {
		wanted[f.From] = f
	}
	zr, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, fmt.Errorf("open tarball: %w", err)
	}
	content := map[string][]byte{}
	for tr := tar.NewReader(zr); len(wanted) > 0; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("the tarball lacks %q", slices.Sorted(maps.Keys(wanted)))
		}
		if err != nil {
			return nil, fmt.Errorf("read tarball: %w", err)
		}
		f, ok := wanted[h.Name]
		if !ok {
			continue
		}
		if h.Typeflag != tar.TypeReg || h.Size > maxFile {
			return nil, fmt.Errorf("the tarball's %s is no file of at most %d bytes", h.Name, maxFile)
		}
		raw, err := io.ReadAll(io.LimitReader(tr, maxFile))
		if err != nil {
			return nil, fmt.Errorf("read %s from the tarball: %w", h.Name, err)
		}
		if f.Convert != "" {
			if raw, err = converters[f.Convert](raw); err != nil {
				return nil, fmt.Errorf("convert %s: %w", h.Name, err)
			}
		}
		content[f.To] = raw
		delete(wanted, h.Name)
	}
	return content, nil
}

// write puts a file into the dist folder in one step. The unfinished file lies
// beside the folder, where no build embeds it.
func (f fetcher) write(name string, content []byte) error {
	target := filepath.Join(f.dist, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	tmp, err := os.CreateTemp(filepath.Dir(f.dist), ".fetch-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer os.Remove(tmp.Name()) //nolint:errcheck // gone after the rename
	_, err = tmp.Write(content)
	if err := errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if err := os.Rename(tmp.Name(), target); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}
