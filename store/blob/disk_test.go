package blob_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vantahire/vantahire/store/blob"
)

// bench is a Disk and its folder.
type bench struct {
	*blob.Disk
	folder string
}

var secret = bytes.Repeat([]byte("s"), 32)

func disk(t testing.TB) bench {
	t.Helper()
	return diskIn(t, filepath.Join(t.TempDir(), "objects"), blob.DiskOptions{Secret: secret, BaseURL: "http://host/blobs", MaxPutBytes: 100})
}

func diskIn(t testing.TB, folder string, o blob.DiskOptions) bench {
	t.Helper()
	d, err := blob.OpenDisk(folder, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return bench{d, folder}
}

// files are all files in the folder, by their paths.
func (b bench) files(t testing.TB) (found []string) {
	t.Helper()
	err := filepath.WalkDir(b.folder, func(p string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		} else {
			found = append(found, strings.TrimPrefix(p, b.folder+"/"))
		}
		if e.Type()&fs.ModeSymlink == 0 && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o", p, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestObjectsAreFilesOfTheirOwn(t *testing.T) {
	t.Parallel()
	b := disk(t)
	mustPut(t, b, key, "recorded", webm)
	want := "recordings/3f0e/.1732500000000.webm.json recordings/3f0e/1732500000000.webm"
	if got := strings.Join(b.files(t), " "); got != want {
		t.Errorf("files %s", got)
	}
	if raw, err := os.ReadFile(filepath.Join(b.folder, key)); err != nil || string(raw) != "recorded" {
		t.Errorf("%q, %v", raw, err)
	}
	// Another Disk on the folder, after a restart, has all of it.
	if got, info := read(t, diskIn(t, b.folder, blob.DiskOptions{Secret: secret}), key, 0, -1); got != "recorded" || info.ContentType != webm {
		t.Errorf("after a restart %q, %+v", got, info)
	}
	if err := b.Delete(ctx, key); err != nil {
		t.Fatal(err)
	}
	if left := b.files(t); len(left) != 0 {
		t.Errorf("after the deletion: %s", left)
	}
	if _, err := os.Stat(filepath.Join(b.folder, "recordings")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("an empty folder is left: %v", err)
	}
}

func TestAnObjectIsNoFolder(t *testing.T) {
	t.Parallel()
	b := disk(t)
	mustPut(t, b, "a/b", "x", webm)
	for _, k := range []string{"a", "a/b/c", "a/b/c/d"} {
		if _, err := b.Put(ctx, k, strings.NewReader("y"), blob.PutOptions{}); !errors.Is(err, blob.ErrBadKey) {
			t.Errorf("%s: %v", k, err)
		}
	}
	if got := strings.Join(b.files(t), " "); got != "a/.b.json a/b" {
		t.Errorf("files %s", got)
	}
}

func TestFailedUploadsLeaveNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		r    io.Reader
		want error
	}{
		"the disk is full":   {io.MultiReader(strings.NewReader("half"), failing{syscall.ENOSPC}), syscall.ENOSPC},
		"the sender is gone": {io.MultiReader(strings.NewReader("half"), failing{io.ErrUnexpectedEOF}), io.ErrUnexpectedEOF},
		"it is too much":     {strings.NewReader(strings.Repeat("x", 11)), blob.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := disk(t)
			if _, err := b.Put(ctx, key, tc.r, blob.PutOptions{MaxBytes: 10}); !errors.Is(err, tc.want) {
				t.Errorf("%v", err)
			}
			if left := b.files(t); len(left) != 0 {
				t.Errorf("left: %s", left)
			}
		})
	}
}

func TestWhatACrashLeftIsSwept(t *testing.T) {
	t.Parallel()
	b := disk(t)
	mustPut(t, b, key, "kept", webm)
	for name, age := range map[string]time.Duration{"old": 25 * time.Hour, "old.json": 48 * time.Hour, "running": time.Hour} {
		p := filepath.Join(b.folder, ".incoming", name)
		if err := os.WriteFile(p, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, time.Time{}, time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	b = diskIn(t, b.folder, blob.DiskOptions{Secret: secret})
	if got := strings.Join(b.files(t), " "); got != ".incoming/running recordings/3f0e/.1732500000000.webm.json recordings/3f0e/1732500000000.webm" {
		t.Errorf("files %s", got)
	}
}

func TestLinksAreNotFollowed(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "outside")
	for _, folder := range []string{outside, outside + "/d"} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(outside+"/secret", []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"out of the folder": outside, "out by a relative path": "../../outside", "within the folder": "real", "to nowhere": "nowhere", "to itself": "link",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := disk(t)
			mustPut(t, b, "real/secret", "mine", webm)
			mustPut(t, b, "over", "old", webm)
			for from, to := range map[string]string{"link": target, "file": target + "/secret", ".over.json": target + "/secret"} {
				_ = os.Remove(filepath.Join(b.folder, from))
				if err := os.Symlink(to, filepath.Join(b.folder, from)); err != nil {
					t.Fatal(err)
				}
			}
			for _, k := range []string{"link", "link/secret", "link/d/x", "file"} {
				gone(t, b, k)
				if err := b.Delete(ctx, k); !errors.Is(err, blob.ErrNotFound) {
					t.Errorf("delete %s: %v", k, err)
				}
			}
			for _, k := range []string{"link/secret", "link/new", "link/d/new"} {
				if _, err := b.Put(ctx, k, strings.NewReader("x"), blob.PutOptions{}); !errors.Is(err, blob.ErrBadKey) {
					t.Errorf("put %s: %v", k, err)
				}
			}
			// A link at the place of an object is replaced, not written through.
			mustPut(t, b, "file", "mine", webm)
			if info, err := b.Stat(ctx, "over"); err != nil || info.ContentType != blob.DefaultType {
				t.Errorf("its type by a link: %+v, %v", info, err)
			}
			mustPut(t, b, "over", "new", "audio/ogg")
			if got, info := read(t, b, "over", 0, -1); got != "new" || info.ContentType != "audio/ogg" {
				t.Errorf("%q, %+v", got, info)
			}
			if got, _ := read(t, b, "real/secret", 0, -1); got != "mine" {
				t.Errorf("within the folder: %q", got)
			}
		})
	}
	t.Cleanup(func() {
		raw, err := os.ReadFile(outside + "/secret")
		found, globErr := filepath.Glob(outside + "/*/*")
		if err != nil || string(raw) != "secret" || globErr != nil || len(found) != 0 {
			t.Errorf("outside: %q, %v, %s", raw, err, found)
		}
	})
}

func TestWithoutATypeTheNameTells(t *testing.T) {
	t.Parallel()
	b := disk(t)
	for name, want := range map[string]string{
		"a.webm": "video/webm", "a.mp4": "video/mp4", "a.ogg": "audio/ogg", "a.wav": "audio/wav", "a.html": blob.DefaultType, "a": blob.DefaultType,
	} {
		if err := os.WriteFile(filepath.Join(b.folder, name), []byte("copied"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, info := read(t, b, name, 0, -1); got != "copied" || info.ContentType != want {
			t.Errorf("%s: %q, %+v", name, got, info)
		}
	}
	for name, raw := range map[string]string{
		"nothing": "", "no JSON": "{", "a header of its own": `{"contentType":"a/b\r\nSet-Cookie: x"}`, "no text": `{"contentType":7}`,
	} {
		mustPut(t, b, key, "x", "audio/mpeg")
		if err := os.WriteFile(filepath.Join(b.folder, "recordings/3f0e/.1732500000000.webm.json"), []byte(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, info := read(t, b, key, 0, -1); got != "x" || info.ContentType != webm {
			t.Errorf("%s: %q, %+v", name, got, info)
		}
	}
}

func TestADiskThatCantBeOpened(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.OpenDisk(file, blob.DiskOptions{Secret: secret}); err == nil {
		t.Error("a file is opened as a folder")
	}
	folder := filepath.Join(t.TempDir(), "objects")
	if _, err := blob.OpenDisk(folder, blob.DiskOptions{Secret: secret[:31]}); err == nil || !strings.Contains(err.Error(), "32") {
		t.Errorf("with a short secret: %v", err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left a folder: %v", err)
	}
}
