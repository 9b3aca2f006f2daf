package blob

import (
	"context"
	"errors"
	"io"
	"path"
	"strings"
	"time"
)

// What can be wrong with an object. Everything else is the storage's own failure.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("no such object")
	// ErrBadKey: no object may have the key.
	ErrBadKey = errors.New("key of an object is malformed")
	// ErrTooLarge: the object has more bytes than it may.
	ErrTooLarge = errors.New("object is too large")
)

// Info describes an object.
type Info struct {
	Size     int64 // in bytes
	Modified time.Time
}

// Store keeps objects under keys such as recordings/<interview>/<ms>.webm. An object
// is there whole or not at all, and a second one under a key takes the first one's
// place. Methods block on the storage until ctx ends.
type Store interface {
	// Put stores what it reads to the end. ErrBadKey, ErrTooLarge, or what reading
	// failed with; then nothing is stored.
	Put(ctx context.Context, key string, content io.Reader) (Info, error)
	// Open reads length bytes from offset on; length -1 is all that follows. Both
	// are cut to what there is. The caller closes the reader. Info is of the whole
	// object. ErrNotFound.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)
	// Delete removes an object; one that is not there is no error.
	Delete(ctx context.Context, key string) error
	// SignedGet makes a URL that fetches the object until life is over, SignedPut
	// one that sends it, with exactly that content type. Life is cut to MaxLife.
	SignedGet(key string, life time.Duration) (url string, expires time.Time, err error)
	SignedPut(key, contentType string, life time.Duration) (url string, expires time.Time, err error)
}

// MaxLife is the longest life of a signed URL.
const MaxLife = 7 * 24 * time.Hour

const maxKey = 512

// CheckKey reports ErrBadKey for a key that could name anything but an object of its
// own: parts are of letters, digits, dots, dashes and underscores, and begin with no
// dot.
func CheckKey(key string) error {
	if key == "" || len(key) > maxKey || path.Clean(key) != key {
		return ErrBadKey
	}
	for part := range strings.SplitSeq(key, "/") {
		if part == "" || part[0] == '.' || strings.ContainsFunc(part, func(r rune) bool { return !keyRune(r) }) {
			return ErrBadKey
		}
	}
	return nil
}

func keyRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
}
