package main

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// committed holds the manifest and the licence texts that no package brings.
//
//go:embed manifest.json licences
var committed embed.FS

// manifest lists what is fetched.
type manifest struct {
	Packages []pkg `json:"packages"`
}

// pkg is one npm package and what is taken from it.
type pkg struct {
	Name      string   `json:"name"`
	Version   string   `json:"version"`   // exact
	Integrity string   `json:"integrity"` // "sha512-" and the base64 digest of the tarball
	What      string   `json:"what"`      // for messages: what it brings
	Without   string   `json:"without"`   // for messages: what happens without it
	Files     []file   `json:"files"`
	Licences  []string `json:"licences"` // texts of assets/fetch/licences that belong to it
}

// file is one file of a package.
type file struct {
	From    string `json:"from"`              // path in the tarball
	To      string `json:"to"`                // path under the dist folder
	Convert string `json:"convert,omitempty"` // a key of converters; empty: as it is
}

// converters turn a published file into the form the program embeds.
var converters = map[string]func([]byte) ([]byte, error){
	"silero": convertSilero,
}

// id is the package with its version, as npm writes it.
func (p pkg) id() string { return p.Name + "@" + p.Version }

// tarball is the package's file name in the cache.
func (p pkg) tarball() string {
	return strings.NewReplacer("@", "", "/", "-").Replace(p.Name) + "-" + p.Version + ".tgz"
}

var (
	packageName  = regexp.MustCompile(`^(@[a-z0-9._-]+/)?[a-z0-9][a-z0-9._-]*$`)
	exactVersion = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$`)
)

// parseManifest reads a manifest and checks that it pins everything.
func parseManifest(raw []byte) (manifest, error) {
	var m manifest
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("read manifest: %w", err)
	}
	for _, p := range m.Packages {
		if !packageName.MatchString(p.Name) || !exactVersion.MatchString(p.Version) {
			return m, fmt.Errorf("manifest: %q is not a package with an exact version", p.id())
		}
		if _, err := p.digest(); err != nil {
			return m, fmt.Errorf("manifest: %s: %w", p.id(), err)
		}
		if len(p.Files) == 0 {
			return m, fmt.Errorf("manifest: %s: no files", p.id())
		}
		for _, f := range p.Files {
			if !fs.ValidPath(f.To) || f.To == "." {
				return m, fmt.Errorf("manifest: %s: %q is no path under the dist folder", p.id(), f.To)
			}
			if f.Convert != "" && converters[f.Convert] == nil {
				return m, fmt.Errorf("manifest: %s: no converter %q", p.id(), f.Convert)
			}
		}
	}
	return m, nil
}
