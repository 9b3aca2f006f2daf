package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"time"
)

// partPrefix begins the names of objects that are still arriving. No key has a part
// that begins with a dot.
const partPrefix = ".part-"

// Disk keeps objects as files of a folder. All paths are resolved inside of it (see
// os.Root): neither a key nor a symbolic link leads out.
type Disk struct {
	root *os.Root
	most int64 // bytes of an object
	url  string
	key  []byte
	now  func() time.Time
}

var _ Store = (*Disk)(nil)

// NewDisk keeps objects of at most most bytes in a folder, which it makes if it is
// missing. url is where the world finds Handler, without a slash at its end; key
// signs URLs. The caller closes it.
func NewDisk(folder, url string, key []byte, most int64) (*Disk, error) {
	if len(key) == 0 {
		return nil, errors.New("blob: a key to sign URLs with is missing")
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of objects: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder of objects: %w", err)
	}
	return &Disk{root: root, most: most, url: url, key: key, now: time.Now}, nil
}

// Close lets go of the folder.
func (d *Disk) Close() error { return d.root.Close() }

// Put implements Store. The object is written beside its place, brought to the disk,
// and then moved there in one step.
func (d *Disk) Put(ctx context.Context, key string, content io.Reader) (Info, error) {
	if err := CheckKey(key); err != nil {
		return Info{}, err
	}
	info, err := d.put(ctx, key, content)
	if err != nil {
		return Info{}, fmt.Errorf("store object %s: %w", key, err)
	}
	return info, nil
}

func (d *Disk) put(ctx context.Context, key string, content io.Reader) (info Info, err error) {
	folder := path.Dir(key)
	if err := d.root.MkdirAll(folder, 0o700); err != nil {
		return Info{}, err
	}
	name := path.Join(folder, partPrefix+rand.Text())
	part, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return Info{}, err
	}
	defer func() {
		if err != nil {
			_ = part.Close()
			_ = d.root.Remove(name)
		}
	}()
	info.Size, err = io.Copy(part, io.LimitReader(reader{ctx, content}, d.most+1))
	if err != nil {
		return Info{}, err
	}
	if info.Size > d.most {
		return Info{}, ErrTooLarge
	}
	stat, err := part.Stat()
	if err = errors.Join(err, part.Sync(), part.Close()); err != nil {
		return Info{}, err
	}
	info.Modified = stat.ModTime()
	if err = d.root.Rename(name, key); err != nil {
		return Info{}, err
	}
	return info, d.syncFolder(folder)
}

// syncFolder brings a name to the disk.
func (d *Disk) syncFolder(folder string) error {
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// reader ends with its context.
type reader struct {
	ctx context.Context //nolint:containedctx // of the one object that is read
	io.Reader
}

// Read reads on.
func (r reader) Read(p []byte) (int, error) {
	if err := context.Cause(r.ctx); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// open returns an object's file.
func (d *Disk) open(key string) (*os.File, Info, error) {
	if err := CheckKey(key); err != nil {
		return nil, Info{}, err
	}
	f, err := d.root.Open(key)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Info{}, ErrNotFound
	}
	if err != nil {
		return nil, Info{}, fmt.Errorf("open object %s: %w", key, err)
	}
	stat, err := f.Stat()
	if err != nil || !stat.Mode().IsRegular() { // a folder of objects, for one
		_ = f.Close()
		return nil, Info{}, errors.Join(ErrNotFound, err)
	}
	return f, Info{stat.Size(), stat.ModTime()}, nil
}

// Open implements Store.
func (d *Disk) Open(_ context.Context, key string, offset, length int64) (io.ReadCloser, Info, error) {
	f, info, err := d.open(key)
	if err != nil {
		return nil, Info{}, err
	}
	offset = min(max(offset, 0), info.Size)
	if length < 0 || length > info.Size-offset {
		length = info.Size - offset
	}
	return section{io.NewSectionReader(f, offset, length), f}, info, nil
}

// section is a part of a file that closes it.
type section struct {
	io.Reader
	io.Closer
}

// Delete implements Store.
func (d *Disk) Delete(_ context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return err
	}
	if err := d.root.Remove(key); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	return nil
}
