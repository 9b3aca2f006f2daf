package blob

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"strings"
	"syscall"
	"time"
)

// accessWait bounds how long a client may take over what one read or write moves, so
// that a request may be as long as a recording is, and still ends with its client.
const accessWait = time.Minute

// Handler serves the signed URLs. It wants paths of a slash and a key: strip the path
// of BaseURL before. Faults are answered with {"error": text}, but for 416:
//
//   - 403 for whatever was not signed, was changed, or has run out, with nothing else
//     told about the key;
//   - 404 when there is no such object, 416 for a range outside it;
//   - 415 for an upload with another content type than was signed, 413 for one above
//     MaxPutBytes, 400 for one that was cut off, 507 when the disk is full;
//   - 405 for other methods.
//
// An upload is answered with 200 and no body. Browsers of other origins need headers
// that are left to the edge.
func (d *Disk) Handler() http.Handler { return http.HandlerFunc(d.serve) }

func (d *Disk) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	h.Set("Referrer-Policy", "no-referrer") // the URL itself is the key to the object
	method := r.Method
	switch method {
	case http.MethodHead:
		method = http.MethodGet
	case http.MethodGet, http.MethodPut:
	default:
		h.Set("Allow", "GET, HEAD, PUT")
		fault(w, http.StatusMethodNotAllowed, "Method not allowed")
		return
	}
	key, slash := strings.CutPrefix(r.URL.Path, "/")
	if !slash || CheckKey(key) != nil || !d.signed(method, key, r.URL.Query()) {
		fault(w, http.StatusForbidden, "Forbidden")
		return
	}
	if method == http.MethodPut {
		d.take(w, r, key)
		return
	}
	d.give(w, r, key)
}

// give answers with an object, or with ranges of it.
func (d *Disk) give(w http.ResponseWriter, r *http.Request, key string) {
	f, info, err := d.open(r.Context(), key)
	if err != nil {
		refuse(w, err)
		return
	}
	defer func() { _ = f.Close() }() // only read
	h := w.Header()
	h.Set("Content-Type", info.ContentType)
	disposition := "inline"
	h.Set("ETag", fmt.Sprintf(`"%x-%x"`, info.Modified.UnixNano(), info.Size))
	if !plays(info.ContentType) {
		// What could run scripts opens as a download, and without an origin.
		disposition = "attachment"
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	}
	h.Set("Content-Disposition", disposition+`; filename="`+path.Base(key)+`"`) // of harmless characters: see CheckKey
	conn := http.NewResponseController(w)
	http.ServeContent(w, r, "", info.Modified, pacedFile{f, conn})
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

// plays says whether a browser may show an object in a tab: recordings.
func plays(contentType string) bool {
	lower := strings.ToLower(contentType)
	return strings.HasPrefix(lower, "video/") || strings.HasPrefix(lower, "audio/")
}

// take stores an upload.
func (d *Disk) take(w http.ResponseWriter, r *http.Request, key string) {
	contentType := r.URL.Query().Get(queryType)
	if given := r.Header.Values("Content-Type"); len(given) != 1 || given[0] != contentType {
		fault(w, http.StatusUnsupportedMediaType, "Content type is not the one that was signed")
		return
	}
	if r.ContentLength > d.o.MaxPutBytes {
		refuse(w, ErrTooLarge)
		return
	}
	body := pacedBody{r.Body, http.NewResponseController(w)}
	defer func() { _ = body.conn.SetReadDeadline(time.Time{}) }()
	o := PutOptions{ContentType: contentType, MaxBytes: d.o.MaxPutBytes}
	if _, err := d.Put(r.Context(), key, body, o); err != nil {
		refuse(w, err)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// pacedBody gives each read of a body its time, however long the body is.
type pacedBody struct {
	io.Reader

	conn *http.ResponseController
}

// Read reads on.
func (b pacedBody) Read(p []byte) (int, error) {
	_ = b.conn.SetReadDeadline(time.Now().Add(accessWait)) // fails only without a connection, in tests
	return b.Reader.Read(p)
}

// refuse answers with what went wrong. Nothing of an unknown error reaches a client.
// The rest of a body may still be on its way, so the connection is closed.
func refuse(w http.ResponseWriter, err error) {
	w.Header().Set("Connection", "close")
	var source sourceError
	switch {
	case errors.Is(err, ErrNotFound):
		fault(w, http.StatusNotFound, "File not found")
	case errors.Is(err, ErrTooLarge):
		fault(w, http.StatusRequestEntityTooLarge, "File too large")
	case errors.Is(err, ErrBadKey), errors.Is(err, ErrBadType):
		fault(w, http.StatusBadRequest, "Invalid input")
	case errors.As(err, &source):
		fault(w, http.StatusBadRequest, "Upload was cut off")
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		fault(w, http.StatusInsufficientStorage, "No space left")
	default:
		fault(w, http.StatusInternalServerError, "Internal server error")
	}
}

func fault(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "{\"error\":%q}\n", text) // a client that is gone needs no answer
}
