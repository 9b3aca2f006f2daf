package contract

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/app/apptest"
)

// formOf makes a multipart body of parts in their order; a part named file is one.
func formOf(parts ...string) (contentType string, body []byte) {
	var buf bytes.Buffer
	w := multipart.NewWriter(&buf)
	for i := 0; i+1 < len(parts); i += 2 {
		if parts[i] != "file" {
			_ = w.WriteField(parts[i], parts[i+1])
			continue
		}
		part, _ := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="a.bin"`}, "Content-Type": {"application/pdf"}})
		_, _ = part.Write([]byte(parts[i+1]))
	}
	_ = w.Close()
	return w.FormDataContentType(), buf.Bytes()
}

func stored(t *testing.T, h *apptest.House) (files, chunks int) {
	t.Helper()
	if err := h.Pool.QueryRow(t.Context(), `SELECT (SELECT count(*) FROM "File"), (SELECT count(*) FROM "FileChunk")`).Scan(&files, &chunks); err != nil {
		t.Fatal(err)
	}
	return files, chunks
}

func TestFieldsOfAFormComeInAnyOrder(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, _ := interviewOf(r, "")
	small, large := string(pdf), string(pdf)+strings.Repeat(" ", 10<<20)
	for name, tc := range map[string]struct {
		parts  []string
		status int
		text   string
	}{
		"all before":                        {[]string{"category", "RESUME", "interviewId", id, "file", small}, 201, ""},
		"all after":                         {[]string{"file", small, "category", "RESUME", "interviewId", id}, 201, ""},
		"the category before, the id after": {[]string{"category", "RESUME", "file", small, "interviewId", id}, 201, ""},
		"what nobody asked for":             {[]string{"category", "RESUME", "interviewId", id, "color", "red", "file", small}, 201, ""},
		"the category never":                {[]string{"file", small, "interviewId", id}, 400, "File and category required"},
		"a logo's category after":           {[]string{"file", small + strings.Repeat(" ", 3<<20), "category", "LOGO"}, 400, "File too large. Max: 2MB"},
		"too large, the category after":     {[]string{"file", large, "category", "RESUME", "interviewId", id}, 400, "File too large. Max: 10MB"},
		"an unknown category before":        {[]string{"category", "X", "file", large}, 400, "Invalid parameters"},
		"a field without an end":            {[]string{"category", strings.Repeat("x", 5000), "file", small}, 400, "The form could not be read"},
		"a NUL":                             {[]string{"category", "RESUME\x00", "file", small}, 400, "The form could not be read"},
		"no UTF-8":                          {[]string{"category", "RESUME", "purpose", "\xff", "file", small}, 400, "The form could not be read"},
	} {
		contentType, body := formOf(tc.parts...)
		a := r.Send(http.MethodPost, "/files", bytes.NewReader(body), "Content-Type", contentType)
		if a.Status != tc.status || tc.text != "" && a.Str("error") != tc.text {
			t.Errorf("%s: %d %.300s, want %d %s", name, a.Status, a.Body, tc.status, tc.text)
		}
	}
	if files, chunks := stored(t, h); files != 4 || chunks != 4 {
		t.Errorf("%d files with %d parts are stored", files, chunks)
	}
}

// rawPost writes the head of a POST and what write sends after it, and reads the
// answer if there is one.
func rawPost(t *testing.T, r *apptest.Client, base, path, head string, write func(io.Writer)) *http.Response {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, _ = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n%s\r\n\r\n", path, r.Headers["Cookie"], head)
	write(conn)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return nil
	}
	_ = res.Body.Close()
	return res
}

func TestTwoHundredMegabytesAreRefusedBeforeTheyCome(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	for _, path := range []string{"/files", "/users/recruiter-profile/logo"} {
		for name, head := range map[string]string{
			"as a form": "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 209715200",
			"as JSON":   "Content-Type: application/json\r\nContent-Length: 209715200",
		} {
			want := map[string]int{"as a form": 413, "as JSON": 400}[name]
			if res := rawPost(t, r, h.App.URL(), path, head, func(io.Writer) {}); res == nil || res.StatusCode != want {
				t.Errorf("%s %s: %v, want %d before a byte of it is sent", path, name, res, want)
			}
		}
	}
}

func TestAnUploadThatIsCutLeavesNothing(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, _ := interviewOf(r, "")
	contentType, body := formOf("category", "RESUME", "interviewId", id, "file", string(pdf)+strings.Repeat(" ", 1<<20))
	for _, sent := range []int{0, 100, 300_000, len(body) - 3} {
		res := rawPost(t, r, h.App.URL(), "/files", fmt.Sprintf("Content-Type: %s\r\nContent-Length: %d", contentType, len(body)), func(w io.Writer) {
			_, _ = w.Write(body[:sent])
			_ = w.(*net.TCPConn).CloseWrite()
		})
		if res != nil && res.StatusCode != http.StatusBadRequest {
			t.Errorf("%d of %d bytes: %d", sent, len(body), res.StatusCode)
		}
	}
	if files, chunks := stored(t, h); files != 0 || chunks != 0 {
		t.Errorf("%d files with %d parts are stored", files, chunks)
	}
	r.Send(http.MethodPost, "/files", bytes.NewReader(body), "Content-Type", contentType).Want(201)
}

func TestTooManyPartsAreAskedForInVain(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id := upload(r, "/files", "a.png", "image/png", png, "category", "LOGO").Want(201).Str("id")
	path := "/files/" + id
	for value, want := range map[string]string{
		"bytes=0-0,4-4": "200 " + string(png), "bytes=0-0": "206 " + string(png[:1]), "bytes=3-999": "206 " + string(png[3:]), "bytes=-3": "206 " + string(png[len(png)-3:]),
		"lines=0-1": "416 ", "bytes=x": "416 ", "bytes=5-2": "416 ", "bytes=999-": "416 ",
	} {
		a := h.Nobody().Do("GET", path, "", "Range", value)
		body := a.Body
		if a.Status == 416 {
			body = ""
		}
		if got := fmt.Sprintf("%d %s", a.Status, body); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
	if a := h.Nobody().Do("GET", path, "", "Range", "bytes=1-2", "If-Range", `"`+id+`"`).Want(206); a.Header.Get("Content-Range") != fmt.Sprintf("bytes 1-2/%d", len(png)) {
		t.Errorf("Content-Range is %q", a.Header.Get("Content-Range"))
	}
}

func TestSignedURLsOfRecordingsAreNotServedYet(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, _ := interviewOf(r, "")
	r.Get("/files/recordings/"+id+"/1700000000000.webm/signed").Refused(404, "Not found")
	file := upload(r, "/files", "a.pdf", "application/pdf", pdf, "category", "RESUME", "interviewId", id).Want(201).Str("id")
	for _, life := range []string{"0", "-5", "x", "", "99999999999999999999"} { // the page's hour
		at, err := time.Parse(time.RFC3339, r.Get("/files/"+file+"/signed?expiresIn="+life).Want(200).Str("expiresAt"))
		if left := time.Until(at); err != nil || left > time.Hour || left < 59*time.Minute {
			t.Errorf("expiresIn=%s: until %s (%v)", life, at, err)
		}
	}
	at, err := time.Parse(time.RFC3339, r.Get("/files/"+file+"/signed?expiresIn=9999999").Want(200).Str("expiresAt"))
	if left := time.Until(at); err != nil || left > 7*24*time.Hour {
		t.Errorf("the longest life is until %s (%v)", at, err)
	}
}

func TestACandidateOfAnInterviewDoesNotOwnIt(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r, c := h.Recruiter(), h.Candidate()
	a := r.Post("/interviews", `{"candidateEmail":"`+c.Email+`","jobRole":"Engineer"}`).Want(201)
	upload(c, "/files", "a.pdf", "application/pdf", pdf, "category", "RESUME", "interviewId", a.Str("id")).Refused(403, "Interview not found or unauthorized")
	upload(h.Admin(), "/files", "a.pdf", "application/pdf", pdf, "category", "RESUME", "interviewId", a.Str("id")).Want(201)
	if files, _ := stored(t, h); files != 1 {
		t.Errorf("%d files are stored", files)
	}
}

func TestAPageFinishesItsScreenshotsAfterTheEnd(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := interviewOf(r, "")
	link := h.Link(token)
	link.Post("/interviews/candidate/start", "").Want(200)
	link.Post("/interviews/candidate/complete", "").Want(200)
	upload(link, "/interviews/"+id+"/files", "1.png", "image/png", png, "type", "screenshot").Want(201)
	upload(link, "/interviews/"+id+"/resume", "cv.pdf", "application/pdf", pdf).Refused(400, "Interview is no longer active")
	upload(link, "/files", "1.png", "image/png", png, "category", "SCREENSHOT").Refused(400, "Interview is no longer active")
	if _, err := h.Pool.Exec(t.Context(), `UPDATE "Interview" SET "completedAt" = now() - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	upload(link, "/interviews/"+id+"/files", "1.png", "image/png", png, "type", "screenshot").Refused(400, "Interview is no longer active")
}

// Whoever uploads while the interview is deleted leaves no file of nothing.
func TestUploadsRaceTheDeletionOfTheirInterview(t *testing.T) {
	t.Parallel()
	h := apptest.Open(t)
	r := h.Recruiter()
	id, token := interviewOf(r, "")
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			a := upload(h.Link(token), "/interviews/"+id+"/files", "1.png", "image/png", png, "type", "screenshot")
			if a.Status != 201 && a.Status != 401 && a.Status != 403 {
				t.Errorf("upload: %d %s", a.Status, a.Body)
			}
		})
	}
	all.Go(func() { r.Delete("/interviews/" + id).Want(200) })
	all.Wait()
	if files, chunks := stored(t, h); files != 0 || chunks != 0 {
		t.Errorf("%d files with %d parts are left", files, chunks)
	}
}
