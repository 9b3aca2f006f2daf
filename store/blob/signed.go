package blob

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// SignedGet implements Store.
func (d *Disk) SignedGet(key string, life time.Duration) (string, time.Time, error) {
	return d.signed(http.MethodGet, key, "", life)
}

// SignedPut implements Store.
func (d *Disk) SignedPut(key, contentType string, life time.Duration) (string, time.Time, error) {
	return d.signed(http.MethodPut, key, contentType, life)
}

func (d *Disk) signed(method, key, contentType string, life time.Duration) (string, time.Time, error) {
	if err := CheckKey(key); err != nil {
		return "", time.Time{}, err
	}
	expires := d.now().Add(min(max(life, time.Second), MaxLife)).UTC().Truncate(time.Second)
	text := strconv.FormatInt(expires.Unix(), 10)
	query := url.Values{"expires": {text}, "signature": {base64.RawURLEncoding.EncodeToString(d.sign(method, key, contentType, text))}}
	if contentType != "" {
		query.Set("type", contentType)
	}
	return d.url + "/" + key + "?" + query.Encode(), expires, nil
}

// sign binds a URL to its use, object, type and end. No part can hold the line feed
// that stands between them, but for the type, which is quoted.
func (d *Disk) sign(method, key, contentType, expires string) []byte {
	mac := hmac.New(sha256.New, d.key)
	_, _ = mac.Write([]byte(strings.Join([]string{"blob", method, key, strconv.Quote(contentType), expires}, "\n")))
	return mac.Sum(nil)
}

// allows reports whether a query was signed for the use of the object, and still
// holds.
func (d *Disk) allows(method, key string, query url.Values) bool {
	given, err := base64.RawURLEncoding.DecodeString(query.Get("signature"))
	if err != nil || !hmac.Equal(given, d.sign(method, key, query.Get("type"), query.Get("expires"))) {
		return false
	}
	end, err := strconv.ParseInt(query.Get("expires"), 10, 64)
	return err == nil && d.now().Before(time.Unix(end, 0))
}
