package hiring

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/vantahire/vantahire/interview"
)

// File is a stored file without its content.
type File struct {
	ID               string
	Name             string
	MimeType         string
	Size             int64
	Category         FileCategory
	UploadedBy       *string
	InterviewID      *interview.ID
	JobApplicationID *string
	CreatedAt        time.Time
}

// FileChunk is how many bytes a row holds, but for the last one.
const FileChunk = 256 << 10

// FileStore stores files. Every method blocks on the database until ctx ends.
type FileStore interface {
	// Save stores a file with its content and links it as its purpose demands, in
	// one transaction. ErrForeignInterview, ErrForeignApplication: the actor has no
	// business with what the file is for. ErrInterviewOver. With an old logo it
	// takes the place of, that one goes.
	Save(ctx context.Context, actor Actor, f File, p Placement, content io.Reader) error
	// Links returns a file with those around it, or ErrNotFound.
	Links(ctx context.Context, id string) (FileLinks, error)
	// Chunk returns the n-th part of a file's content, from 0, or ErrNotFound.
	Chunk(ctx context.Context, id string, n int) ([]byte, error)
	// Delete removes a file. ErrNotFound.
	Delete(ctx context.Context, id string) error
	// ClearLogo takes the logo off a recruiter's profile and deletes it; without one
	// it does nothing.
	ClearLogo(ctx context.Context, userID string) error
	// Screenshots returns those of an interview, oldest first.
	Screenshots(ctx context.Context, id interview.ID) ([]File, error)
	// DeleteUnattached removes files, 500 at most, that hang on nothing and are older
	// than before, and returns how many.
	DeleteUnattached(ctx context.Context, before time.Time) (int, error)
}

// What an upload may be refused for beside its own faults (contract section 4.3).
var (
	ErrForeignInterview   = Refuse(KindForbidden, "Interview not found or unauthorized")
	ErrForeignApplication = Refuse(KindForbidden, "Job application not found or unauthorized")
)

var errNoFile = Refuse(KindNotFound, "File not found")

// Files is the service for the stored files. It is goroutine-safe.
type Files struct {
	store  FileStore
	apiURL string
	key    []byte // signs URLs
	most   int64  // bytes of any file
	now    func() time.Time
	logos  *logoCache
}

// NewFiles wires the service. apiURL is our own origin; key signs URLs; most bounds
// every file, in bytes, beside its category's limit.
func NewFiles(store FileStore, apiURL string, key []byte, most int64) *Files {
	return &Files{store: store, apiURL: apiURL, key: key, most: most, now: now, logos: newLogoCache()}
}

const maxFileName = 200

// FileName makes a name that is safe to show and to save: no path, no control
// characters, not too long.
func FileName(name string) string {
	name = strings.ToValidUTF8(name, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxFileName {
		name = string(runes[len(runes)-maxFileName:])
	}
	if name == "" || name == "." || name == ".." {
		return "file"
	}
	return name
}

// Save stores an upload. content has size bytes, the first of which are head.
func (s *Files) Save(ctx context.Context, actor Actor, r UploadRequest, name, mimeType string, size int64, head []byte, content io.Reader) (File, Placement, error) {
	p, err := PlaceUpload(actor, r, s.now())
	switch {
	case err != nil:
		return File{}, p, err
	case size > s.MaxSize(p.Category):
		return File{}, p, TooLarge(s.MaxSize(p.Category))
	case size == 0:
		return File{}, p, Refuse(KindInvalid, "File is empty")
	}
	if mimeType == "" {
		mimeType = SniffType(head)
	}
	if err := CheckContent(p.Category, mimeType, head); err != nil {
		return File{}, p, err
	}
	f := File{ID: uuid.NewString(), Name: FileName(name), MimeType: mimeType, Size: size, Category: p.Category, CreatedAt: s.now()}
	if actor.IsUser() && actor.Link == nil {
		f.UploadedBy = &actor.UserID
	}
	if p.InterviewID != "" {
		f.InterviewID = &p.InterviewID
	}
	if p.ApplicationID != "" {
		f.JobApplicationID = &p.ApplicationID
	}
	return f, p, s.store.Save(ctx, actor, f, p, content)
}

// MaxSize is the most bytes a file of a category may have here; of an unknown one, the
// most of any.
func (s *Files) MaxSize(category FileCategory) int64 { return min(MaxFileSize(category), s.most) }

// URL is where a file is read.
func (s *Files) URL(id string) string { return s.apiURL + "/files/" + id }

// Read returns a file the actor may read.
func (s *Files) Read(ctx context.Context, actor Actor, id string) (File, error) {
	f, err := s.store.Links(ctx, id)
	if err != nil {
		return File{}, missing(err, errNoFile)
	}
	if !MayReadFile(actor, f) {
		return File{}, Refuse(KindForbidden, "Forbidden")
	}
	return f.File, nil
}

// ReadSigned returns a file by a URL that was signed for it.
func (s *Files) ReadSigned(ctx context.Context, id, expires, signature string) (File, error) {
	end, err := strconv.ParseInt(expires, 10, 64)
	given, decodeErr := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || decodeErr != nil || !hmac.Equal(given, s.sign(id, expires)) || !s.now().Before(time.Unix(end, 0)) {
		return File{}, Refuse(KindForbidden, "Forbidden")
	}
	f, err := s.store.Links(ctx, id)
	return f.File, missing(err, errNoFile)
}

func (s *Files) sign(id, expires string) []byte {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte("file\n" + id + "\n" + expires))
	return mac.Sum(nil)
}

// MaxSigned is how long a signed URL may live, and maxSignedByLink one that an
// interview link or an API key has asked for.
const (
	MaxSigned       = 7 * 24 * time.Hour
	maxSignedByLink = time.Hour
)

// Sign makes a URL that opens a file without credentials until it runs out.
func (s *Files) Sign(id string, life time.Duration) (url string, expires time.Time) {
	expires = s.now().Add(min(max(life, time.Second), MaxSigned)).Truncate(time.Second)
	text := strconv.FormatInt(expires.Unix(), 10)
	return s.URL(id) + "?expires=" + text + "&signature=" + base64.RawURLEncoding.EncodeToString(s.sign(id, text)), expires
}

// Signed is Sign for a file the actor may read.
func (s *Files) Signed(ctx context.Context, actor Actor, id string, life time.Duration) (url string, expires time.Time, err error) {
	if _, err := s.Read(ctx, actor, id); err != nil {
		return "", time.Time{}, err
	}
	if !actor.IsUser() || actor.KeyID != "" { // a link or key that is revoked must not open it for days
		life = min(life, maxSignedByLink)
	}
	url, expires = s.Sign(id, life)
	return url, expires, nil
}

// Delete removes a file of the actor's own.
func (s *Files) Delete(ctx context.Context, actor Actor, id string) error {
	f, err := s.store.Links(ctx, id)
	if err != nil {
		return missing(err, errNoFile)
	}
	if !actor.IsAdmin() && (f.UploadedBy == nil || *f.UploadedBy != actor.UserID) {
		return Refuse(KindForbidden, "Forbidden")
	}
	s.logos.drop(id)
	return missing(s.store.Delete(ctx, id), errNoFile)
}

// ClearLogo takes the actor's logo away.
func (s *Files) ClearLogo(ctx context.Context, actor Actor) error {
	return s.store.ClearLogo(ctx, actor.UserID)
}

// Screenshots returns those of an interview, which is the actor's.
func (s *Files) Screenshots(ctx context.Context, id interview.ID) ([]File, error) {
	return s.store.Screenshots(ctx, id)
}

// CleanUnattached removes uploads that nobody has attached to anything.
func (s *Files) CleanUnattached(ctx context.Context, before time.Time) (int, error) {
	for total := 0; ; {
		n, err := s.store.DeleteUnattached(ctx, before)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// Content reads a file a chunk at a time. It is an io.ReadSeeker for one goroutine,
// holds one chunk, and keeps no transaction open between two.
type Content struct {
	ctx    context.Context //nolint:containedctx // of the one request it is read for
	files  *Files
	file   File
	at     int64
	chunk  []byte
	number int64 // of chunk; -1: none
}

// Open reads a file that was found.
func (s *Files) Open(ctx context.Context, f File) *Content {
	return &Content{ctx: ctx, files: s, file: f, number: -1}
}

// Read reads on.
func (c *Content) Read(p []byte) (int, error) {
	if c.at >= c.file.Size {
		return 0, io.EOF
	}
	number := c.at / FileChunk
	if number != c.number {
		chunk, err := c.files.chunk(c.ctx, c.file, int(number))
		if err != nil {
			return 0, err
		}
		c.chunk, c.number = chunk, number
	}
	from := c.at % FileChunk
	if from >= int64(len(c.chunk)) {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, c.chunk[from:])
	c.at += int64(n)
	return n, nil
}

// Seek moves to another place.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.at
	case io.SeekEnd:
		offset += c.file.Size
	}
	if offset < 0 {
		return c.at, errors.New("seek before the beginning")
	}
	c.at = offset
	return offset, nil
}

// chunk returns a part of a file. Logos, which every page shows, are kept.
func (s *Files) chunk(ctx context.Context, f File, n int) ([]byte, error) {
	if f.Category == FileLogo {
		if chunk, ok := s.logos.get(f.ID, n); ok {
			return chunk, nil
		}
	}
	chunk, err := s.store.Chunk(ctx, f.ID, n)
	if err == nil && f.Category == FileLogo {
		s.logos.put(f.ID, n, chunk)
	}
	return chunk, err
}
