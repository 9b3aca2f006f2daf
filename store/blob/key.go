package blob

import (
	"fmt"
	"mime"
	"strings"
)

// Bounds of a key, in bytes. File systems take names of 255 bytes; the rest is for
// what Disk puts around a name.
const (
	maxKey     = 500
	maxSegment = 200
	maxType    = 200
)

// CheckKey returns ErrBadKey for what is not a key. A key is segments of
// [A-Za-z0-9._-] with a slash between them, such as recordings/<interviewId>/<ms>.webm.
// No segment is empty, has more than 200 bytes, begins with a dot, or has two dots in
// a row; the whole has at most 500 bytes. So a key is a path that stays inside its
// folder, and needs no escaping in a URL.
func CheckKey(key string) error {
	if len(key) > maxKey {
		return fmt.Errorf("%w: %d bytes", ErrBadKey, len(key))
	}
	for segment := range strings.SplitSeq(key, "/") {
		if !fit(segment) {
			return fmt.Errorf("%w: %q", ErrBadKey, key)
		}
	}
	return nil
}

func fit(segment string) bool {
	if segment == "" || len(segment) > maxSegment || segment[0] == '.' || strings.Contains(segment, "..") {
		return false
	}
	for i := range len(segment) {
		c := segment[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '.', c == '_', c == '-':
		default:
			return false
		}
	}
	return true
}

// checkType returns the content type to keep for given, or ErrBadType. It is one
// that can stand in a header.
func checkType(given string) (string, error) {
	if given == "" {
		return DefaultType, nil
	}
	media, _, err := mime.ParseMediaType(given)
	if err != nil || len(given) > maxType || !strings.Contains(media, "/") || strings.ContainsFunc(given, unprintable) {
		return "", fmt.Errorf("%w: %.80q", ErrBadType, given)
	}
	return given, nil
}

func unprintable(r rune) bool { return r < ' ' || r > '~' }
