package blob_test

import (
	"errors"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/store/blob"
)

func goodKeys() []string {
	return []string{
		"a", key, "recordings/0/1-take_2.final.webm", "A/b.C/d-", "-", "_", "a.", "a/b./c",
		strings.Repeat("x", 200), strings.Repeat("y", 199) + "/" + strings.Repeat("z", 200) + "/" + strings.Repeat("w", 99),
	}
}

func badKeys() []string {
	return []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", ".a", "a/.b", "a..b", "a/b..", "...",
		"a b", "a\\b", `C:\a`, "C:a", "a\x00b", "a\nb", "a%2fb", "a?b", "a#b", "a:b", "a~", "é", "a/\xff", "．．/a",
		".incoming/x", strings.Repeat("x", 201), strings.Repeat("ab/", 166) + "abc",
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, k := range goodKeys() {
		if err := blob.CheckKey(k); err != nil {
			t.Errorf("%q: %v", k, err)
		}
	}
	for _, k := range badKeys() {
		if err := blob.CheckKey(k); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("%q passes: %v", k, err)
		}
	}
}

var keyShape = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

func FuzzCheckKey(f *testing.F) {
	for _, k := range append(goodKeys(), badKeys()...) {
		f.Add(k)
	}
	f.Fuzz(func(t *testing.T, k string) {
		err := blob.CheckKey(k)
		fits := len(k) <= 500 && keyShape.MatchString(k) && !strings.Contains(k, "..") && !strings.HasSuffix(k, "\n")
		for segment := range strings.SplitSeq(k, "/") {
			fits = fits && len(segment) <= 200
		}
		if fits != (err == nil) {
			t.Fatalf("%q: %v", k, err)
		}
		if err != nil {
			if !errors.Is(err, blob.ErrBadKey) {
				t.Fatal(err)
			}
			return
		}
		if !filepath.IsLocal(k) || path.Clean(k) != k {
			t.Fatalf("%q is no plain path", k)
		}
	})
}
