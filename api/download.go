package api

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

// downloadWait bounds how long a client may take to accept what one read brought. A
// client that has stopped reading does not hold on for ever.
const downloadWait = time.Minute

// getFile is GET /files/:id (contract section 4.5): the whole file or a part of it,
// a chunk at a time. A signed URL opens its file without asking who calls.
func (s *Server) getFile(w http.ResponseWriter, r *http.Request, actor hiring.Actor) error {
	id, query := r.PathValue("id"), r.URL.Query()
	var (
		f   hiring.File
		err error
	)
	signed := query.Has("signature")
	if signed {
		f, err = s.services.Files.ReadSigned(r.Context(), id, query.Get("expires"), query.Get("signature"))
	} else {
		f, err = s.services.Files.Read(r.Context(), actor, id)
	}
	if err != nil {
		return err
	}
	describeFile(w.Header(), f, signed)
	if strings.Contains(r.Header.Get("Range"), ",") {
		// Many small parts would have many chunks read for few bytes; a server may
		// answer with the whole (RFC 9110, section 14.2).
		r.Header.Del("Range")
	}
	content := &pacedContent{Content: s.services.Files.Open(r.Context(), f), conn: http.NewResponseController(w)}
	http.ServeContent(w, r, "", time.Time{}, content) // Range, HEAD, 304 and 416: RFC 9110
	_ = content.conn.SetWriteDeadline(time.Time{})    // what follows on the connection has its own time
	if content.failed != nil {
		s.log.Debug("download broke off", "request", r.Header.Get(headerRequestID), "file", id, "err", content.failed)
		panic(http.ErrAbortHandler) // no client takes half a file for a whole one
	}
	return nil
}

// describeFile sets a file's headers. What a browser could run in it, it does not:
// such a file is offered for saving, and an <img> still shows it.
func describeFile(h http.Header, f hiring.File, signed bool) {
	h.Set("Content-Type", f.MimeType)
	h.Set("ETag", `"`+f.ID+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	disposition := "inline"
	if hiring.RunsInline(f.MimeType) {
		disposition = "attachment"
		h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'")
	} else { // a sandbox would keep browsers from showing a PDF
		h.Set("Content-Security-Policy", "frame-ancestors 'none'")
	}
	h.Set("Content-Disposition", disposition+`; filename="`+asciiName(f.Name)+`"; filename*=UTF-8''`+strings.ReplaceAll(url.QueryEscape(f.Name), "+", "%20"))
	switch {
	case signed:
		h.Set("Cache-Control", "private, no-store")
	case f.Category == hiring.FileLogo:
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	default:
		// A shared cache must never serve a resume past the access rules.
		h.Set("Cache-Control", "private, max-age=31536000, immutable")
		h.Add("Vary", "Cookie, Authorization, X-Interview-Token")
	}
}

// asciiName is a name for clients that know no other (RFC 6266).
func asciiName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%`, r) {
			return '_'
		}
		return r
	}, name)
}

// pacedContent moves the deadline of writing with each read, and keeps what reading
// failed with: http.ServeContent tells nobody.
type pacedContent struct {
	*hiring.Content

	conn   *http.ResponseController
	failed error
}

// Read reads on.
func (c *pacedContent) Read(p []byte) (int, error) {
	_ = c.conn.SetWriteDeadline(time.Now().Add(downloadWait)) // fails only without a connection, in tests
	n, err := c.Content.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		c.failed = err
	}
	return n, err
}
