package blob

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

// accessWait bounds how long a client may take over what one read or write moves.
const accessWait = time.Minute

// Handler serves the signed URLs; the request's path is the object's key. Whoever
// mounts it strips what stands before the key, and allows the pages' origin.
//
// 200, 206, 304 and 416 as RFC 9110 has them; 403 for a URL that was not signed so or
// has run out, whether or not there is such an object; 404, 413; 415 for another
// content type than was signed.
func (d *Disk) Handler() http.Handler { return http.HandlerFunc(d.serve) }

func (d *Disk) serve(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	w.Header().Set("Cache-Control", "private, no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if CheckKey(key) != nil || !d.allows(method, key, r.URL.Query()) {
		refuse(w, http.StatusForbidden, "Forbidden")
		return
	}
	if method == http.MethodPut {
		d.take(w, r, key)
		return
	}
	d.give(w, r, key)
}

func (d *Disk) give(w http.ResponseWriter, r *http.Request, key string) {
	f, info, err := d.open(key)
	if err != nil {
		refuseFor(w, err)
		return
	}
	defer func() { _ = f.Close() }()
	h := w.Header()
	h.Set("Content-Type", contentType(key))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; media-src 'self'; style-src 'unsafe-inline'")
	h.Set("Content-Disposition", `inline; filename="`+path.Base(key)+`"`) // of harmless characters: see CheckKey
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Size, info.Modified.UnixNano()))
	conn := http.NewResponseController(w)
	http.ServeContent(w, r, "", time.Time{}, pacedFile{f, conn})
	_ = conn.SetWriteDeadline(time.Time{}) // what follows on the connection has its own time
}

// pacedFile gives each part of an answer its time, however long the answer is.
type pacedFile struct {
	io.ReadSeeker

	conn *http.ResponseController
}

// Read reads on.
func (f pacedFile) Read(p []byte) (int, error) {
	_ = f.conn.SetWriteDeadline(time.Now().Add(accessWait)) // fails only without a connection, in tests
	return f.ReadSeeker.Read(p)
}

// contentType is of an object by its name. What is unknown, is not shown.
func contentType(key string) string {
	switch path.Ext(key) {
	case ".webm":
		return "video/webm"
	case ".mp4":
		return "video/mp4"
	case ".ogg":
		return "audio/ogg"
	case ".wav":
		return "audio/wav"
	case ".json", ".jsonl":
		return "application/json"
	}
	return "application/octet-stream"
}

func (d *Disk) take(w http.ResponseWriter, r *http.Request, key string) {
	if signed := r.URL.Query().Get("type"); signed != "" && !sameType(signed, r.Header.Get("Content-Type")) {
		refuse(w, http.StatusUnsupportedMediaType, "The content type is not the one the URL was signed for")
		return
	}
	if r.ContentLength > d.most {
		refuseFor(w, ErrTooLarge)
		return
	}
	body := &paced{r, http.NewResponseController(w)}
	defer func() { _ = body.conn.SetReadDeadline(time.Time{}) }()
	if _, err := d.Put(r.Context(), key, body); err != nil {
		refuseFor(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// sameType compares content types without their parameters: browsers add codecs.
func sameType(a, b string) bool {
	a, _, errA := mime.ParseMediaType(a)
	b, _, errB := mime.ParseMediaType(b)
	return errA == nil && errB == nil && a == b
}

// paced gives each read of a body its time, however long the body is.
type paced struct {
	r    *http.Request
	conn *http.ResponseController
}

// Read reads on.
func (p *paced) Read(b []byte) (int, error) {
	_ = p.conn.SetReadDeadline(time.Now().Add(accessWait)) // fails only without a connection, in tests
	return p.r.Body.Read(b)
}

// refuseFor answers for an error. The rest of a body may still be on its way, so the
// connection is closed.
func refuseFor(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	switch {
	case errors.Is(err, ErrNotFound):
		refuse(w, http.StatusNotFound, "File not found")
	case errors.Is(err, ErrTooLarge):
		refuse(w, http.StatusRequestEntityTooLarge, "Request body too large")
	default:
		refuse(w, http.StatusInternalServerError, "The object could not be read or stored")
	}
}

// refuse answers in the contract's form of errors (section 1.3).
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"error\":%q}", text) // our own texts, which need no other escapes
}
