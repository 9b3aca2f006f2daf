package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
)

const (
	rowsListed = 25 // more than a page of 20
	logoSize   = 100 << 10
	resumeSize = 10 << 20
	maxAnswer  = 16 << 20
)

// Fixture is what is read: rows, files and who may read them.
type Fixture struct {
	server                string // http://host:port
	Cookies               map[string]string
	Job, Interview, Token string
	Logo, Resume          string // ids of files
}

// Prepare makes the rows and files on a server whose test login is open.
func Prepare(ctx context.Context, server, testToken string) (*Fixture, error) {
	f := &Fixture{server: server, Cookies: map[string]string{}}
	for _, role := range []string{"RECRUITER", "CANDIDATE", "ADMIN"} {
		email := strings.ToLower(role) + "@rest.test"
		var session string
		_, err := f.call(ctx, "/auth/test-login", "application/json", fmt.Appendf(nil, `{"email":%q,"role":%q,"fullName":"Rest Test"}`, email, role), func(h http.Header) {
			for _, line := range h.Values("Set-Cookie") {
				if c, err := http.ParseSetCookie(line); err == nil && c.Name == "session" {
					session = c.Value
				}
			}
		}, "X-Test-Token", testToken)
		if err != nil {
			return nil, err
		}
		f.Cookies[role] = "session=" + session
	}
	as := []string{"Cookie", f.Cookies["RECRUITER"]}
	for i := range rowsListed {
		row, err := f.call(ctx, "/jobs", "application/json", fmt.Appendf(nil, `{"title":"Job %d","description":%q,"location":"Berlin"}`, i, strings.Repeat("Plain words. ", 20)), nil, as...)
		if err != nil {
			return nil, err
		}
		f.Job = row.ID
		row, err = f.call(ctx, "/interviews", "application/json", fmt.Appendf(nil, `{"candidateEmail":"c%d@rest.test","jobRole":"Engineer","jobId":%q}`, i, f.Job), nil, as...)
		if err != nil {
			return nil, err
		}
		if len(row.Sessions) != 1 {
			return nil, fmt.Errorf("an interview was made without a link")
		}
		f.Interview, f.Token = row.ID, row.Sessions[0].Token
	}
	kind, body := form("logo.png", "image/png", padded("\x89PNG\r\n\x1a\n", logoSize))
	row, err := f.call(ctx, "/users/recruiter-profile/logo", kind, body, nil, as...)
	if err != nil {
		return nil, err
	}
	f.Logo = row.LogoFileID
	kind, body = form("cv.pdf", "application/pdf", padded("%PDF-1.7\n", resumeSize))
	if row, err = f.call(ctx, "/interviews/"+f.Interview+"/resume", kind, body, nil, "X-Interview-Token", f.Token); err != nil {
		return nil, err
	}
	f.Resume = row.ResumeFileID
	return f, nil
}

// Reads are the six reads that pages make most.
func (f *Fixture) Reads() []Read {
	cookie := f.Cookies["RECRUITER"]
	return []Read{
		Get("GET /health", "/health"),
		Get("GET /auth/me", "/auth/me", "Cookie", cookie),
		Get("GET /jobs?limit=20", "/jobs?limit=20", "Cookie", cookie),
		Get("GET /interviews?limit=20", "/interviews?limit=20", "Cookie", cookie),
		Get("GET /interviews/candidate/current", "/interviews/candidate/current", "X-Interview-Token", f.Token),
		Get("GET /files/<100 KiB logo>", "/files/"+f.Logo),
	}
}

// Download is the read of the 10 MiB resume by the interview's recruiter.
func (f *Fixture) Download() Read {
	return Get("GET /files/<10 MiB resume>", "/files/"+f.Resume, "Cookie", f.Cookies["RECRUITER"])
}

type made struct {
	ID, LogoFileID, ResumeFileID string
	Sessions                     []struct{ Token string }
}

// call posts a body and reads what was made.
func (f *Fixture) call(ctx context.Context, path, contentType string, body []byte, look func(http.Header), headers ...string) (made, error) {
	var row made
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.server+path, bytes.NewReader(body))
	if err != nil {
		return row, err
	}
	req.Header.Set("Content-Type", contentType)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return row, err
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return row, err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		return row, fmt.Errorf("POST %s answers %d: %.300s", path, res.StatusCode, raw)
	}
	if look != nil {
		look(res.Header)
	}
	return row, json.Unmarshal(raw, &row)
}

// form is a multipart body with one file.
func form(name, mimeType string, content []byte) (contentType string, body []byte) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}, "Content-Type": {mimeType},
	})
	if err == nil { // a buffer takes everything
		_, _ = part.Write(content)
	}
	_ = w.Close()
	return w.FormDataContentType(), buf.Bytes()
}

func padded(start string, size int) []byte {
	return append([]byte(start), bytes.Repeat([]byte{'x'}, size-len(start))...)
}
