package contract

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/app/apptest"
)

var (
	png = []byte("\x89PNG\r\n\x1a\nnot much of a picture")
	pdf = []byte("%PDF-1.7 not much of a document")
	svg = []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`)
)

// form makes a multipart body; fields come in pairs, before the file.
func form(name, mimeType string, content []byte, fields ...string) (contentType string, body []byte) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(fields); i += 2 {
		_ = w.WriteField(fields[i], fields[i+1])
	}
	if content != nil {
		h := textproto.MIMEHeader{"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename=%q`, name)}}
		if mimeType != "" {
			h.Set("Content-Type", mimeType)
		}
		part, _ := w.CreatePart(h)
		_, _ = part.Write(content)
	}
	_ = w.Close()
	return w.FormDataContentType(), buf.Bytes()
}

func upload(c *apptest.Client, path, name, mimeType string, content []byte, fields ...string) apptest.Answer {
	contentType, body := form(name, mimeType, content, fields...)
	return c.Send(http.MethodPost, path, bytes.NewReader(body), "Content-Type", contentType)
}

// interviewOf makes an interview of the recruiter and returns its id and token.
func interviewOf(r *apptest.Client, fields string) (id, token string) {
	a := r.Post("/interviews", `{"candidateEmail":"x@example.com","jobRole":"Engineer"`+fields+`}`).Want(201)
	return a.Str("id"), a.Str("sessions.0.token")
}

func TestWhoMayUploadWhat(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, other, c := h.Recruiter(), h.Recruiter(), h.Candidate()
	id, token := interviewOf(r, "")
	link := h.Link(token)
	foreign, _ := interviewOf(other, "")
	for name, tc := range map[string]struct {
		who    *apptest.Client
		mime   string
		body   []byte
		fields []string
		status int
		text   string
	}{
		"nobody":                          {h.Nobody(), "image/png", png, []string{"category", "LOGO"}, 401, "Unauthorized"},
		"no category":                     {r, "image/png", png, nil, 400, "File and category required"},
		"no file":                         {r, "", nil, []string{"category", "LOGO"}, 400, "File and category required"},
		"an unknown category":             {r, "image/png", png, []string{"category", "VIDEO"}, 400, "Invalid parameters"},
		"an id of another shape":          {r, "application/pdf", pdf, []string{"category", "RESUME", "interviewId", "1"}, 400, "Invalid parameters"},
		"a logo":                          {r, "image/png", png, []string{"category", "LOGO"}, 201, ""},
		"a logo by a candidate":           {c, "image/png", png, []string{"category", "LOGO"}, 403, "Only recruiters can upload logos"},
		"a logo by a link":                {link, "image/png", png, []string{"category", "LOGO"}, 403, "Only recruiters can upload logos"},
		"a logo that is a document":       {r, "application/pdf", pdf, []string{"category", "LOGO"}, 400, "Invalid file type for LOGO. Allowed: image/png, image/jpeg, image/webp, image/svg+xml, image/gif"},
		"a logo that only says it is one": {r, "image/png", pdf, []string{"category", "LOGO"}, 400, "Invalid file type for LOGO. Allowed: image/png, image/jpeg, image/webp, image/svg+xml, image/gif"},
		"a web page as a logo":            {r, "image/svg+xml", []byte("<html>"), []string{"category", "LOGO"}, 400, "Invalid file type for LOGO. Allowed: image/png, image/jpeg, image/webp, image/svg+xml, image/gif"},
		"an empty file":                   {r, "image/png", []byte{}, []string{"category", "LOGO"}, 400, "File is empty"},
		"a screenshot by a recruiter":     {r, "image/png", png, []string{"category", "SCREENSHOT", "interviewId", id}, 403, "Screenshots require interview token"},
		"a screenshot by a link":          {link, "image/png", png, []string{"category", "SCREENSHOT"}, 201, ""},
		"a resume for nothing":            {r, "application/pdf", pdf, []string{"category", "RESUME"}, 400, "InterviewId or jobApplicationId required"},
		"a document for nothing":          {r, "application/pdf", pdf, []string{"category", "DOCUMENT"}, 400, "InterviewId or jobApplicationId required"},
		"a resume for an interview":       {r, "application/pdf", pdf, []string{"category", "RESUME", "interviewId", id}, 201, ""},
		"a resume for somebody else's":    {r, "application/pdf", pdf, []string{"category", "RESUME", "interviewId", foreign}, 403, "Interview not found or unauthorized"},
		"a resume for no application":     {r, "application/pdf", pdf, []string{"category", "RESUME", "jobApplicationId", "00000000-0000-4000-8000-0000000000ff"}, 403, "Job application not found or unauthorized"},
		"a candidate's own resume":        {c, "application/pdf", pdf, []string{"category", "RESUME"}, 201, ""},
		"one for an application to come":  {c, "text/plain", []byte("me"), []string{"category", "RESUME", "purpose", "application_resume"}, 201, ""},
		"a purpose of another category":   {r, "image/png", png, []string{"category", "LOGO", "purpose", "profile_resume"}, 400, "Invalid purpose 'profile_resume' for category 'LOGO'. Valid: recruiter_logo"},
		"a purpose without its id":        {r, "application/pdf", pdf, []string{"category", "RESUME", "interviewId", id, "purpose", "application_resume"}, 400, "Purpose 'application_resume' requires jobApplicationId"},
		"a link's profile resume":         {link, "application/pdf", pdf, []string{"category", "RESUME", "purpose", "profile_resume"}, 403, "Forbidden"},
		"a link for another interview":    {link, "application/pdf", pdf, []string{"category", "RESUME", "interviewId", foreign}, 201, ""},
	} {
		a := upload(tc.who, "/files", "a.bin", tc.mime, tc.body, tc.fields...)
		if a.Status != tc.status || tc.text != "" && a.Str("error") != tc.text {
			t.Errorf("%s: %d %s, want %d %s", name, a.Status, a.Body, tc.status, tc.text)
		}
	}
	var attached int
	if err := h.Pool.QueryRow(t.Context(), `SELECT count(*) FROM "File" WHERE "interviewId" = $1`, foreign).Scan(&attached); err != nil || attached != 0 {
		t.Errorf("%d files hang on the interview of another link (%v)", attached, err)
	}
	r.Patch("/interviews/"+id+"/status", `{"status":"EXPIRED"}`).Want(200)
	if a := upload(link, "/files", "a.png", "image/png", png, "category", "SCREENSHOT"); a.Status != 410 {
		t.Errorf("after the end: %d %s", a.Status, a.Body)
	}
	link.Do("POST", "/files", `{}`, "Content-Type", "application/json").Want(410)
	r.Do("POST", "/files", `{}`, "Content-Type", "application/json").Refused(400, "Expected a multipart form")
}

func TestAFileIsHeldAgainstItsLimitWhileItIsRead(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	exact := append(bytes.Clone(png), make([]byte, 2<<20-len(png))...)
	upload(r, "/files", "a.png", "image/png", exact, "category", "LOGO").Want(201)
	upload(r, "/files", "a.png", "image/png", append(exact, 0), "category", "LOGO").Refused(400, "File too large. Max: 2MB")
	a := r.Send(http.MethodPost, "/files", io.LimitReader(zeros{}, 200<<20), "Content-Type", "multipart/form-data; boundary=x")
	if a.Status != 400 && a.Status != 413 && a.Status != 0 {
		t.Errorf("200 MB of nothing: %d %s", a.Status, a.Body)
	}
	var files, chunks int
	if err := h.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM "File"), (SELECT count(*) FROM "FileChunk")`).Scan(&files, &chunks); err != nil || files != 1 || chunks != 8 {
		t.Errorf("%d files with %d parts are stored (%v)", files, chunks, err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func TestAFileIsReadWholeAndInParts(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, admin := h.Recruiter(), h.Admin()
	id, token := interviewOf(r, "")
	content := append(bytes.Clone(pdf), make([]byte, 700_000)...)
	if _, err := rand.Read(content[len(pdf):]); err != nil {
		t.Fatal(err)
	}
	up := upload(r, "/files", "Ünïcode \"résumé\".pdf", "application/pdf; charset=x", content, "category", "RESUME", "interviewId", id).Want(201)
	if up.At("size") != float64(len(content)) || up.Str("purpose") != "interview_resume" || !strings.HasSuffix(up.Str("url"), "/files/"+up.Str("id")) {
		t.Errorf("uploaded: %s", up.Body)
	}
	path := "/files/" + up.Str("id")
	whole := r.Get(path).Want(200)
	if whole.Body != string(content) {
		t.Errorf("%d bytes came back, want the %d that were sent", len(whole.Body), len(content))
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Length": fmt.Sprint(len(content)), "ETag": `"` + up.Str("id") + `"`, "X-Content-Type-Options": "nosniff",
		"Cache-Control": "private, max-age=31536000, immutable", "Accept-Ranges": "bytes",
	} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if vary := strings.Join(whole.Header.Values("Vary"), ", "); !strings.Contains(vary, "Cookie, Authorization, X-Interview-Token") {
		t.Errorf("Vary is %q", vary)
	}
	if d := whole.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "inline; ") || !strings.Contains(d, "filename*=UTF-8''%C3%9C") {
		t.Errorf("Content-Disposition is %q", d)
	}
	for _, tc := range []struct{ header, value, want string }{
		{"Range", "bytes=0-9", string(content[:10])},
		{"Range", "bytes=262140-262150", string(content[262140:262151])},
		{"Range", "bytes=-5", string(content[len(content)-5:])},
		{"Range", "bytes=600000-", string(content[600000:])},
	} {
		if a := r.Do("GET", path, "", tc.header, tc.value).Want(206); a.Body != tc.want {
			t.Errorf("%s: %d bytes", tc.value, len(a.Body))
		}
	}
	r.Do("GET", path, "", "Range", "bytes=9000000-").Want(416)
	r.Do("GET", path, "", "Range", "bytes=0-9", "If-Range", `"other"`).Want(200)
	if a := r.Do("HEAD", path, "").Want(200); a.Body != "" || a.Header.Get("Content-Length") != fmt.Sprint(len(content)) {
		t.Errorf("HEAD: %d bytes, length %s", len(a.Body), a.Header.Get("Content-Length"))
	}
	if a := r.Do("GET", path, "", "If-None-Match", whole.Header.Get("ETag")).Want(304); a.Body != "" {
		t.Errorf("unchanged: %q", a.Body)
	}
	h.Recruiter().Do("GET", path, "", "If-None-Match", whole.Header.Get("ETag")).Refused(403, "Forbidden")
	h.Nobody().Get(path).Refused(403, "Forbidden")
	h.Link(token).Get(path).Want(200)
	admin.Get(path).Want(200)
	_, another := interviewOf(r, "")
	h.Link(another).Get(path).Refused(403, "Forbidden")
	h.Nobody().Get("/files/nothing").Refused(404, "File not found")
	r.Do("GET", path, "", "X-Interview-Token", "wrong").Refused(401, "Invalid interview token")
	h.Recruiter().Delete(path).Refused(403, "Forbidden")
	h.Nobody().Delete(path).Refused(401, "Authentication required")
	r.Delete(path).Want(200)
	r.Delete(path).Refused(404, "File not found")
	if a := r.Get("/interviews/" + id).Want(200); a.At("candidateResumeFileId") != nil {
		t.Errorf("the interview still names the file: %s", a.Body)
	}
}

func TestASignedURLOpensOneFileForAWhile(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, _ := interviewOf(r, "")
	first := upload(r, "/files", "a.pdf", "application/pdf", pdf, "category", "RESUME", "interviewId", id).Want(201).Str("id")
	second := upload(r, "/files", "b.pdf", "application/pdf", pdf, "category", "DOCUMENT", "interviewId", id).Want(201).Str("id")
	h.Recruiter().Get("/files/"+first+"/signed").Refused(403, "Forbidden")
	r.Get("/files/nothing/signed").Refused(404, "File not found")
	signed, err := url.Parse(r.Get("/files/" + first + "/signed?expiresIn=3600").Want(200).Str("signedUrl"))
	if err != nil || signed.Path != "/files/"+first {
		t.Fatalf("%v %v", signed, err)
	}
	n := h.Nobody()
	if a := n.Get(signed.RequestURI()).Want(200); a.Body != string(pdf) || a.Header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("signed: %v %q", a.Header, a.Body)
	}
	n.Get(strings.Replace(signed.RequestURI(), first, second, 1)).Refused(403, "Forbidden")
	q := signed.Query()
	q.Set("expires", "99999999999")
	n.Get(signed.Path+"?"+q.Encode()).Refused(403, "Forbidden")
	n.Get(signed.Path+"?signature=").Refused(403, "Forbidden")
}

func TestALogoIsEverybodysAndNothingInItRuns(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	a := upload(r, "/users/recruiter-profile/logo", "logo.svg", "image/svg+xml", svg).Want(201)
	old := a.Str("logoFileId")
	shown := h.Nobody().Do("GET", "/files/"+old, "", "Cookie", "session=an-old-one").Want(200)
	for name, want := range map[string]string{
		"Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'", "X-Content-Type-Options": "nosniff",
		"Cache-Control": "public, max-age=31536000, immutable", "Content-Disposition": `attachment; filename="logo.svg"; filename*=UTF-8''logo.svg`,
	} {
		if got := shown.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	var both sync.WaitGroup
	for range 4 {
		both.Go(func() { upload(r, "/users/recruiter-profile/logo", "logo.png", "image/png", png) })
	}
	both.Wait()
	profile := r.Get("/users/recruiter-profile").Want(200).Str("logoFileId")
	h.Nobody().Get("/files/" + profile).Want(200)
	h.Nobody().Get("/files/"+old).Refused(404, "File not found")
	var left int
	if err := h.Pool.QueryRow(t.Context(), `SELECT count(*) FROM "File"`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d logos are stored (%v)", left, err)
	}
	r.Delete("/users/recruiter-profile/logo").Want(200)
	r.Delete("/users/recruiter-profile/logo").Want(200)
	h.Nobody().Get("/files/"+profile).Refused(404, "File not found")
	upload(h.Candidate(), "/users/recruiter-profile/logo", "logo.png", "image/png", png).Refused(403, "Insufficient permissions")
}

func TestACandidateUploadsWithTheLink(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := interviewOf(r, "")
	other, _ := interviewOf(r, "")
	link := h.Link(token)
	if a := upload(link, "/interviews/"+id+"/files", "1.jpg", "image/jpeg", []byte("\xff\xd8\xff\xe0"), "type", "screenshot").Want(201); a.Str("gcsKey") == "" {
		t.Errorf("screenshot: %s", a.Body)
	}
	upload(link, "/interviews/"+other+"/files", "1.jpg", "image/jpeg", []byte("\xff\xd8\xff\xe0"), "type", "screenshot").Refused(403, "Forbidden")
	upload(link, "/interviews/"+id+"/files", "1.txt", "text/plain", []byte("notes"), "type", "document").Want(201)
	upload(link, "/interviews/"+id+"/files", "1.txt", "text/plain", []byte("notes"), "type", "video").Refused(400, "Invalid parameters")
	resume := upload(link, "/interviews/"+id+"/resume", "cv.pdf", "application/pdf", pdf).Want(201).Str("resumeFileId")
	if a := r.Get("/interviews/" + id).Want(200); a.Str("candidateResumeFileId") != resume {
		t.Errorf("interview: %s", a.Body)
	}
	upload(h.Nobody(), "/interviews/"+id+"/resume", "cv.pdf", "application/pdf", pdf).Refused(401, "Interview token required")
	shots := r.Get("/interviews/" + id + "/screenshots").Want(200)
	shot, err := url.Parse(shots.Str("0.url"))
	if err != nil {
		t.Fatal(err)
	}
	h.Nobody().Get(shot.RequestURI()).Want(200)
	h.Recruiter().Get("/interviews/"+id+"/screenshots").Refused(404, "Interview not found")
}

func TestAResumeUploadedForAnApplicationIsAttachedByIt(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	job := published(h, r)
	file := upload(c, "/files", "cv.pdf", "application/pdf", pdf, "category", "RESUME", "purpose", "application_resume").Want(201).Str("id")
	r.Get("/files/"+file).Refused(403, "Forbidden")
	a := c.Post("/applications", `{"jobId":"`+job+`","resumeFileId":"`+file+`"}`).Want(201)
	if a.Str("resumeFileId") != file {
		t.Errorf("applied: %s", a.Body)
	}
	r.Get("/files/" + file).Want(200)
	if d := r.Get("/applications/" + a.Str("id")).Want(200); d.Str("resumeFile.name") != "cv.pdf" || d.Str("files.0.id") != file {
		t.Errorf("application: %s", d.Body)
	}
	c2 := h.Candidate()
	a2 := c2.Post("/applications", `{"jobId":"`+job+`","resumeFileId":"`+file+`"}`).Want(201)
	if a2.At("resumeFileId") != nil {
		t.Errorf("somebody else's resume was taken: %s", a2.Body)
	}
}

// Two uploads of a resume at once, as of a double click, both succeed.
func TestTwoResumesAtOnceDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	id, token := interviewOf(h.Recruiter(), "")
	link := h.Link(token)
	content := append(bytes.Clone(pdf), make([]byte, 3<<20)...)
	var both sync.WaitGroup
	for range 6 {
		both.Go(func() {
			if a := upload(link, "/interviews/"+id+"/resume", "cv.pdf", "application/pdf", content); a.Status != 201 {
				t.Errorf("%d %s", a.Status, a.Body)
			}
		})
	}
	both.Wait()
}
