package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// errStale is the answer to a change of a row that has changed since.
var errStale = &problem{status: http.StatusPreconditionFailed, message: "The resource has changed"}

// etag names a body of a row: its version, which If-Match is held against, and a
// digest of what was answered, which also changes with what hangs on the row.
func etag(version time.Time, body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + strconv.FormatInt(version.UnixMilli(), 36) + "-" + base64.RawURLEncoding.EncodeToString(sum[:9]) + `"`
}

// ifMatch reads the version out of an If-Match header; nil when it demands none.
// One that we have not given out matches nothing.
func ifMatch(header string) (*time.Time, error) {
	header = strings.TrimSpace(header)
	if header == "" || header == "*" {
		return nil, nil //nolint:nilnil // no demand is no error
	}
	version, _, ok := strings.Cut(strings.Trim(header, `"`), "-")
	ms, err := strconv.ParseInt(version, 36, 64)
	if !ok || err != nil || ms < 0 || ms > 1<<53 {
		return nil, errStale
	}
	at := time.UnixMilli(ms).UTC()
	return &at, nil
}

// matchesAny holds a tag against an If-None-Match header (RFC 9110, section 13.1.2:
// weakly).
func matchesAny(header, tag string) bool {
	for candidate := range strings.SplitSeq(header, ",") {
		candidate = strings.TrimPrefix(strings.TrimSpace(candidate), "W/")
		if candidate == tag || candidate == "*" {
			return true
		}
	}
	return false
}
