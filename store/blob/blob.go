package blob

import (
	"context"
	"errors"
	"io"
	"time"
)

// Store keeps objects. Every implementation passes the test of that, TestStoresConform.
type Store interface {
	// Put stores what r has up to its end, in place of what was there. Nobody sees
	// an object in part: when Put fails (r fails, ctx ends, too many bytes), what was
	// there is still there, and nothing else stays. It returns once the object
	// survives a loss of power; if only that is in doubt, it fails with the object in
	// place. Errors: ErrBadKey, ErrBadType, ErrTooLarge, that of r.
	Put(ctx context.Context, key string, r io.Reader, o PutOptions) (Info, error)
	// Open reads length bytes from offset on, or up to the end if length is below
	// zero. What is past the end reads as nothing; a negative offset is ErrBadRange.
	// A reader keeps reading the object it was opened on, whatever is put later.
	// Errors: ErrNotFound, ErrBadKey, ErrBadRange.
	Open(ctx context.Context, key string, offset, length int64) (io.ReadCloser, Info, error)
	// Stat describes an object. Errors: ErrNotFound, ErrBadKey.
	Stat(ctx context.Context, key string) (Info, error)
	// Delete removes an object for good. Errors: ErrNotFound, ErrBadKey.
	Delete(ctx context.Context, key string) error
	// SignedURL makes a URL with which anybody may do one thing with one key until it
	// runs out. The object need not exist. Errors: ErrBadKey, ErrBadType, ErrBadSign.
	SignedURL(ctx context.Context, key string, o SignOptions) (string, error)
}

// Outcomes of a Store. They come wrapped, with the key.
var (
	ErrNotFound = errors.New("no such object")
	ErrTooLarge = errors.New("object is too large")
	ErrBadKey   = errors.New("not a key of an object")
	ErrBadType  = errors.New("not a content type")
	ErrBadRange = errors.New("range begins before the object")
	ErrBadSign  = errors.New("URL can't be signed")
)

// PutOptions are about one Put.
type PutOptions struct {
	// ContentType is kept with the object, as it is. Empty: DefaultType.
	ContentType string
	// MaxBytes bounds the object; an object of so many bytes is still taken. Zero or
	// less: no bound.
	MaxBytes int64
}

// DefaultType is the content type of an object that was stored without one.
const DefaultType = "application/octet-stream"

// Info describes an object.
type Info struct {
	Key         string
	ContentType string
	Size        int64 // bytes
	Modified    time.Time
}

// SignOptions are about one signed URL.
type SignOptions struct {
	// Method is http.MethodGet, which is good for HEAD too, or http.MethodPut.
	Method string
	// Expires is how long the URL is good: 1 s to MaxExpires.
	Expires time.Duration
	// ContentType is what a PUT must send, exactly. Empty for PUT: DefaultType. A GET
	// has none: it answers with the type of the object.
	ContentType string
}

// MaxExpires is the longest life of a signed URL; clouds have the same bound.
const MaxExpires = 7 * 24 * time.Hour
