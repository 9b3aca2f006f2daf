package blob

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"time"
)

// Disk keeps objects in a folder: the object a/b.webm is the file a/b.webm, with its
// content type in a/.b.webm.json. What is being uploaded stands in .incoming. No key
// has such names, as no segment begins with a dot.
//
// The folder is only ever reached through an os.Root and links are never followed, so
// that nothing in the folder leads out of it.
type Disk struct {
	o       DiskOptions
	root    *os.Root
	signKey []byte

	// mu makes the two files of an object one: writers hold it while they rename,
	// readers while they open. No bytes of objects are read or written under it.
	mu sync.RWMutex
}

var _ Store = (*Disk)(nil)

// DiskOptions are about a Disk.
type DiskOptions struct {
	// Secret signs URLs: at least 32 bytes. A URL is good for every Disk with it.
	Secret []byte
	// BaseURL is where Handler is mounted, without a slash at the end.
	BaseURL string
	// MaxPutBytes bounds an upload by a signed URL. Defaults to 2 GiB: an hour of
	// video at 4 Mbit/s is 1.8 GB.
	MaxPutBytes int64
}

const (
	minSecret    = 32
	defaultPut   = 2 << 30
	incoming     = ".incoming"
	folderMode   = 0o700
	fileMode     = 0o600
	keepIncoming = 24 * time.Hour // no upload lasts that long; what is older, a crash left
)

// OpenDisk opens the folder, and makes it if need be. It removes what a crash left of
// uploads more than a day ago.
func OpenDisk(folder string, o DiskOptions) (*Disk, error) {
	if o.MaxPutBytes <= 0 {
		o.MaxPutBytes = defaultPut
	}
	signKey, err := deriveKey(o.Secret)
	if err != nil {
		return nil, err
	}
	if err = os.MkdirAll(folder, folderMode); err != nil {
		return nil, fmt.Errorf("folder of objects: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("folder of objects: %w", err)
	}
	d := &Disk{o: o, root: root, signKey: signKey}
	if err = d.sweep(); err != nil {
		return nil, errors.Join(fmt.Errorf("folder of objects: %w", err), root.Close())
	}
	return d, nil
}

// Close gives the folder back. Readers that are open go on.
func (d *Disk) Close() error { return d.root.Close() }

// sweep makes the folder of uploads, without what is old in it.
func (d *Disk) sweep() error {
	if err := d.root.MkdirAll(incoming, folderMode); err != nil {
		return err
	}
	found, err := fs.ReadDir(d.root.FS(), incoming)
	if err != nil {
		return err
	}
	for _, e := range found {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > keepIncoming {
			if err := d.root.Remove(path.Join(incoming, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// Stat describes an object.
func (d *Disk) Stat(ctx context.Context, key string) (Info, error) {
	f, info, err := d.open(ctx, key)
	if err != nil {
		return Info{}, err
	}
	return info, f.Close()
}

// Open reads an object, or a part of it.
func (d *Disk) Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error) {
	if offset < 0 {
		return nil, Info{}, fmt.Errorf("object %s: %w: %d", key, ErrBadRange, offset)
	}
	f, info, err := d.open(ctx, key)
	if err != nil {
		return nil, Info{}, err
	}
	rest := max(info.Size-offset, 0)
	if length < 0 || length > rest {
		length = rest
	}
	return part{io.NewSectionReader(f, offset, length), f}, info, nil
}

// part is a range of a file.
type part struct {
	io.Reader
	io.Closer
}

// kept is what stands beside an object.
type kept struct {
	ContentType string `json:"contentType"`
}

// open opens the file of an object, which is a regular one in real folders.
func (d *Disk) open(ctx context.Context, key string) (*os.File, Info, error) {
	if err := ready(ctx, key); err != nil {
		return nil, Info{}, err
	}
	d.mu.RLock()
	defer d.mu.RUnlock()
	if err := d.walk(key); err != nil {
		return nil, Info{}, fmt.Errorf("object %s: %w", key, err)
	}
	f, stat, err := d.regular(key)
	if err != nil {
		return nil, Info{}, fmt.Errorf("object %s: %w", key, err)
	}
	return f, Info{Key: key, ContentType: d.typeOf(key), Size: stat.Size(), Modified: stat.ModTime().UTC()}, nil
}

// regular opens a regular file; anything else is ErrNotFound.
func (d *Disk) regular(name string) (*os.File, fs.FileInfo, error) {
	seen, err := d.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !seen.Mode().IsRegular() {
		return nil, nil, ErrNotFound
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := d.root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	stat, err := f.Stat()
	if err == nil && !os.SameFile(seen, stat) {
		err = ErrNotFound // a link took its place just now
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, stat, nil
}

// typeOf is the content type that was kept. An object that somebody copied into the
// folder has none, and one that is damaged is as good as none: then the name tells.
func (d *Disk) typeOf(key string) string {
	f, _, err := d.regular(besides(key))
	if err != nil {
		return typeByName(key)
	}
	defer func() { _ = f.Close() }() // only read
	var k kept
	if json.NewDecoder(io.LimitReader(f, 2*maxType+100)).Decode(&k) != nil {
		return typeByName(key)
	}
	contentType, err := checkType(k.ContentType)
	if err != nil {
		return typeByName(key)
	}
	return contentType
}

// typeByName knows recordings only. What is unknown is not shown.
func typeByName(key string) string {
	switch path.Ext(key) {
	case ".webm":
		return "video/webm"
	case ".mp4":
		return "video/mp4"
	case ".ogg":
		return "audio/ogg"
	case ".wav":
		return "audio/wav"
	}
	return DefaultType
}

// errNoFolder says that a link or a file is where a folder should be.
var errNoFolder = fmt.Errorf("%w: not in a folder", ErrNotFound)

// walk looks at the folders above an object. The first that is missing is
// ErrNotFound, the first that is none is errNoFolder.
func (d *Disk) walk(key string) error {
	for i := range len(key) {
		if key[i] != '/' {
			continue
		}
		stat, err := d.root.Lstat(key[:i])
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return ErrNotFound
		case err != nil:
			return err
		case !stat.IsDir():
			return errNoFolder
		}
	}
	return nil
}

// besides is the file with what is kept about an object.
func besides(key string) string {
	folder, name := path.Split(key)
	return folder + "." + name + ".json"
}

// ready is what every method looks at first.
func ready(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("object %s: %w", key, context.Cause(ctx))
	}
	return nil
}

// parents are the folders above an object, the innermost first.
func parents(key string) (found []string) {
	for {
		i := strings.LastIndexByte(key, '/')
		if i < 0 {
			return found
		}
		key = key[:i]
		found = append(found, key)
	}
}
