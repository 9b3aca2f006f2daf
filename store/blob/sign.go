package blob

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Query values of a signed URL. The content type is there for who uploads to see.
const (
	queryExpires   = "expires" // Unix time in seconds
	queryType      = "type"
	querySignature = "signature"
)

// SignedURL makes a URL for Handler.
func (d *Disk) SignedURL(ctx context.Context, key string, o SignOptions) (string, error) {
	if err := ready(ctx, key); err != nil {
		return "", err
	}
	if o.Expires < time.Second || o.Expires > MaxExpires {
		return "", fmt.Errorf("%w: good for %s; it must be 1s to %s", ErrBadSign, o.Expires, MaxExpires)
	}
	var err error
	switch {
	case o.Method == http.MethodGet && o.ContentType == "":
	case o.Method == http.MethodPut:
		if o.ContentType, err = checkType(o.ContentType); err != nil {
			return "", err
		}
	default:
		return "", fmt.Errorf("%w: %q with content type %q", ErrBadSign, o.Method, o.ContentType)
	}
	// Rounded up, so that it is good for at least as long as was asked.
	expires := strconv.FormatInt(time.Now().Add(o.Expires+time.Second-1).Unix(), 10)
	q := url.Values{queryExpires: {expires}, querySignature: {
		base64.RawURLEncoding.EncodeToString(d.mac(o.Method, key, expires, o.ContentType)),
	}}
	if o.ContentType != "" {
		q.Set(queryType, o.ContentType)
	}
	return d.o.BaseURL + "/" + key + "?" + q.Encode(), nil
}

// signed says whether a URL is good for a method and a key, now.
func (d *Disk) signed(method, key string, q url.Values) bool {
	given, err := base64.RawURLEncoding.Strict().DecodeString(q.Get(querySignature))
	if err != nil || !hmac.Equal(given, d.mac(method, key, q.Get(queryExpires), q.Get(queryType))) {
		return false
	}
	end, err := strconv.ParseInt(q.Get(queryExpires), 10, 64)
	return err == nil && time.Now().Before(time.Unix(end, 0))
}

// mac signs. No field that SignedURL signs has a line feed in it, so that no two URLs
// sign the same text.
func (d *Disk) mac(method, key, expires, contentType string) []byte {
	mac := hmac.New(sha256.New, d.signKey)
	_, _ = mac.Write([]byte(method + "\n" + key + "\n" + expires + "\n" + contentType))
	return mac.Sum(nil)
}

// deriveKey makes the key of signatures. It is not the secret itself, which signs
// other URLs as well.
func deriveKey(secret []byte) ([]byte, error) {
	if len(secret) < minSecret {
		return nil, fmt.Errorf("secret of signed URLs has %d bytes; it must have at least %d", len(secret), minSecret)
	}
	return hkdf.Key(sha256.New, secret, nil, "vantahire object urls v1", sha256.Size)
}
