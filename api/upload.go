package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/hiring"
)

const (
	// uploadLimit is the size of a multipart body (contract section 1.6).
	uploadLimit = 11 << 20
	// uploadsAtOnce bounds how many bodies are taken at once; each may lie on the
	// disk with its full size until its file is stored.
	uploadsAtOnce = 64
	// maxField bounds a text field of a form, maxParts its parts.
	maxField = 1000
	maxParts = 20
	sniffed  = hiring.SniffBytes
)

var (
	errNotMultipart = &problem{status: http.StatusBadRequest, message: "Expected a multipart form"}
	errBadForm      = &problem{status: http.StatusBadRequest, message: "The form could not be read"}
	errBodyTooLarge = &problem{status: http.StatusRequestEntityTooLarge, message: "Request body too large"}
)

// upload is a form with its file. The file's bytes lie in a file without a name
// until they are stored: what a slow client sends holds no transaction and little
// memory.
type upload struct {
	fields   map[string]string
	name     string
	mimeType string // without parameters; "" when none was declared
	size     int64
	head     []byte
	spool    *os.File // nil: there is no file in the form
}

// content reads the bytes from their beginning.
func (u *upload) content() io.Reader { return io.NewSectionReader(u.spool, 0, u.size) }

// takeUpload reads a form. limit is the most bytes its file may have, by what its
// fields say so far: a file that comes before its category is held against the
// largest limit first. Too much is refused while it is read. The caller lets the
// upload go.
func (s *Server) takeUpload(w http.ResponseWriter, r *http.Request, limit func(fields map[string]string) (int64, error)) (*upload, error) {
	boundary, err := formBoundary(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	if r.ContentLength > uploadLimit {
		w.Header().Set("Connection", "close")
		return nil, errBodyTooLarge
	}
	select {
	case s.uploads <- struct{}{}:
	default:
		w.Header().Set("Connection", "close")
		return nil, hiring.Refuse(hiring.KindUnavailable, "Too many uploads at once. Please try again shortly.")
	}
	u := &upload{fields: map[string]string{}}
	err = u.read(multipart.NewReader(http.MaxBytesReader(w, r.Body, uploadLimit), boundary), limit)
	if err != nil {
		s.letGo(u)
		w.Header().Set("Connection", "close") // the rest may still be on its way
		return nil, err
	}
	return u, nil
}

// letGo lets go of an upload's bytes and of its place.
func (s *Server) letGo(u *upload) {
	if u.spool != nil {
		_ = u.spool.Close()
	}
	<-s.uploads
}

func formBoundary(contentType string) (string, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return "", errNotMultipart
	}
	return params["boundary"], nil
}

func (u *upload) read(form *multipart.Reader, limit func(map[string]string) (int64, error)) error {
	for n := 0; ; n++ {
		part, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return formError(err)
		}
		switch {
		case n >= maxParts:
			return errBadForm
		case part.FormName() == "file" && u.spool == nil:
			err = u.take(part, limit)
		case part.FileName() == "":
			err = u.field(part)
		default: // a file nobody asked for
			_, err = io.Copy(io.Discard, part)
			err = formError(err)
		}
		if err != nil {
			return err
		}
	}
}

func (u *upload) field(part *multipart.Part) error {
	raw, err := io.ReadAll(io.LimitReader(part, maxField+1))
	if err != nil {
		return formError(err)
	}
	if len(raw) > maxField || !utf8.Valid(raw) || strings.ContainsRune(string(raw), 0) {
		return errBadForm
	}
	u.fields[part.FormName()] = string(raw)
	return nil
}

// take spools the file part.
func (u *upload) take(part *multipart.Part, limit func(map[string]string) (int64, error)) error {
	most, err := limit(u.fields)
	if err != nil {
		return err
	}
	if u.spool, err = spoolFile(); err != nil {
		return err
	}
	u.name = part.FileName()
	if declared := part.Header.Get("Content-Type"); declared != "" {
		if u.mimeType, _, err = mime.ParseMediaType(declared); err != nil {
			u.mimeType = "invalid"
		}
	}
	u.size, err = io.Copy(u.spool, io.LimitReader(part, most+1))
	if err != nil {
		return formError(err)
	}
	if u.size > most {
		return errFileTooLarge
	}
	u.head = make([]byte, min(u.size, sniffed))
	if _, err := u.spool.ReadAt(u.head, 0); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read back an upload: %w", err)
	}
	return nil
}

// errFileTooLarge stands for the category's own text, which the caller knows.
var errFileTooLarge = errors.New("file too large")

// spoolFile makes a file that is gone when it is closed, or the process dies.
func spoolFile() (*os.File, error) {
	f, err := os.CreateTemp("", "vantahire-upload-")
	if err != nil {
		return nil, fmt.Errorf("spool an upload: %w", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		return nil, errors.Join(fmt.Errorf("spool an upload: %w", err), f.Close())
	}
	return f, nil
}

func formError(err error) error {
	if err == nil {
		return nil
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errBodyTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &problem{status: http.StatusRequestTimeout, message: "Request timed out"}
	case errors.Is(err, context.Canceled):
		return err
	}
	return errBadForm
}

// store stores a form's file for what the request says, with fallbacks for what the
// form leaves out.
func (s *Server) store(ctx context.Context, actor hiring.Actor, u *upload, r hiring.UploadRequest) (hiring.File, hiring.Placement, error) {
	if u.spool == nil {
		if !actor.IsUser() && actor.Link == nil {
			return hiring.File{}, hiring.Placement{}, hiring.Refuse(hiring.KindUnauthenticated, "Unauthorized")
		}
		return hiring.File{}, hiring.Placement{}, hiring.Refuse(hiring.KindInvalid, "File and category required")
	}
	return s.services.Files.Save(ctx, actor, r, u.name, u.mimeType, u.size, u.head, u.content())
}
