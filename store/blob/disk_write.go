package blob

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path"
)

// Put stores an object. Its bytes go to a file of their own first, so that the disk
// can fill up, the sender go away or the process die without a trace at the key. When
// a key is written over and power fails between the two renames, the old bytes are
// left with the new content type.
func (d *Disk) Put(ctx context.Context, key string, r io.Reader, o PutOptions) (_ Info, err error) {
	if err := ready(ctx, key); err != nil {
		return Info{}, err
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("store object %s: %w", key, err)
		}
	}()
	contentType, err := checkType(o.ContentType)
	if err != nil {
		return Info{}, err
	}
	about, err := json.Marshal(kept{contentType})
	if err != nil {
		return Info{}, err
	}
	name := path.Join(incoming, rand.Text())
	names := []string{name, name + ".json"}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.discard(names))
		}
	}()
	if err = d.write(names[0], source{ctx, r}, o.MaxBytes); err != nil {
		return Info{}, err
	}
	if err = d.write(names[1], bytes.NewReader(about), 0); err != nil {
		return Info{}, err
	}
	return d.commit(ctx, key, names, contentType)
}

// write makes a file that survives a loss of power, of at most limit bytes if limit
// is above zero.
func (d *Disk) write(name string, r io.Reader, limit int64) (err error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if limit > 0 && limit < math.MaxInt64 {
		r = io.LimitReader(r, limit+1)
	}
	n, err := io.Copy(f, r)
	if err != nil {
		return err
	}
	if limit > 0 && n > limit {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return f.Sync()
}

// commit moves the two files of an object to their places.
func (d *Disk) commit(ctx context.Context, key string, names []string, contentType string) (Info, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if ctx.Err() != nil {
		return Info{}, context.Cause(ctx)
	}
	if err := d.makeRoom(key); err != nil {
		return Info{}, err
	}
	if err := d.root.Rename(names[1], besides(key)); err != nil {
		return Info{}, err
	}
	if err := d.root.Rename(names[0], key); err != nil {
		return Info{}, err
	}
	// The folder is written down, and so are those it may just have been made in.
	for _, folder := range append(parents(key), ".") {
		if err := d.syncFolder(folder); err != nil {
			return Info{}, err
		}
	}
	stat, err := d.root.Lstat(key)
	if err != nil {
		return Info{}, err
	}
	return Info{Key: key, ContentType: contentType, Size: stat.Size(), Modified: stat.ModTime().UTC()}, nil
}

// makeRoom makes the folders above an object. An object can't be the folder of
// another, nor be in a folder that is a link.
func (d *Disk) makeRoom(key string) error {
	err := d.walk(key)
	switch {
	case errors.Is(err, errNoFolder):
		return fmt.Errorf("%w: what is above it is no folder", ErrBadKey)
	case errors.Is(err, ErrNotFound):
		if err := d.root.MkdirAll(path.Dir(key), folderMode); err != nil {
			return err
		}
	case err != nil:
		return err
	}
	if stat, err := d.root.Lstat(key); err == nil && stat.IsDir() {
		return fmt.Errorf("%w: it is a folder of others", ErrBadKey)
	}
	return nil
}

// Delete removes an object, and the folders that are empty without it: their names
// are ids of interviews.
func (d *Disk) Delete(ctx context.Context, key string) error {
	f, _, err := d.open(ctx, key)
	if err != nil {
		return err
	}
	_ = f.Close() // only looked at
	if err := d.remove(key); err != nil {
		return fmt.Errorf("delete object %s: %w", key, err)
	}
	return nil
}

func (d *Disk) remove(key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	// Another Delete may have been first; exactly one of them is told that it did it.
	if err := d.root.Remove(key); errors.Is(err, fs.ErrNotExist) {
		return ErrNotFound
	} else if err != nil {
		return err
	}
	if err := d.root.Remove(besides(key)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, folder := range parents(key) {
		if err := d.root.Remove(folder); err != nil {
			return d.syncFolder(folder) // it has others in it
		}
	}
	return d.syncFolder(".")
}

// discard removes what an upload has left.
func (d *Disk) discard(names []string) (err error) {
	for _, name := range names {
		if e := d.root.Remove(name); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

func (d *Disk) syncFolder(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// source reads for a Put: it ends with the context, and its errors can be told from
// those of the disk.
type source struct {
	ctx context.Context //nolint:containedctx // it lives as long as the Put whose context it is
	r   io.Reader
}

// sourceError is a failure of what is read, not of the disk.
type sourceError struct{ error }

func (e sourceError) Unwrap() error { return e.error }

func (s source) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, sourceError{context.Cause(s.ctx)}
	}
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // io.EOF comes unwrapped, by the rule of io.Reader
		err = sourceError{err}
	}
	return n, err
}
