package api

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.do(http.MethodGet, "/health", "")
	shape := regexp.MustCompile(`^\{"status":"healthy","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"\}$`)
	if a.status != http.StatusOK || !shape.MatchString(a.body) {
		t.Errorf("healthy: %d %s", a.status, a.body)
	}
	b.sick = errors.New("pq: password authentication failed for user app")
	a = b.do(http.MethodGet, "/health", "")
	if a.status != http.StatusInternalServerError || !strings.HasPrefix(a.body, `{"status":"unhealthy","error":"`) {
		t.Errorf("unhealthy: %d %s", a.status, a.body)
	}
	if strings.Contains(a.body, "password") {
		t.Errorf("the database's words leak: %s", a.body)
	}
}

func TestUnknownRoutesAndWrongMethodsAreNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct{ method, path string }{
		{http.MethodGet, "/nope"},
		{http.MethodDelete, "/health"},
		{http.MethodGet, "/health/"},
		{http.MethodGet, "/Health"},
		{http.MethodPut, "/interviews"},
		{http.MethodGet, "/"},
	} {
		a := b.asDeveloper(c.method, c.path, "")
		if a.status != http.StatusNotFound || a.body != `{"error":"Not found"}` {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.body)
		}
	}
	head := b.do(http.MethodHead, "/health", "")
	if head.status != http.StatusOK || head.body != "" || head.header.Get("Content-Length") == "0" {
		t.Errorf("HEAD /health: %d, body %q, length %s", head.status, head.body, head.header.Get("Content-Length"))
	}
}

// The table of contract section 1.3: what a request is told that is wrong.
func TestWrongInputIsToldInTheContractsWords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	const ok = `"candidateEmail":"a@b.co","jobRole":"Engineer"`
	for name, c := range map[string]struct{ body, want string }{
		"malformed JSON":             {`{"candidateEmail":`, `{"error":"Invalid JSON"}`},
		"no body":                    {``, `{"error":"Invalid JSON"}`},
		"two documents":              {`{} {}`, `{"error":"Invalid JSON"}`},
		"bytes that are no text":     {"{\"jobRole\":\"\xff\"}", `{"error":"Invalid JSON"}`},
		"an array":                   {`[]`, `"formErrors":["Expected object, received array"],"fieldErrors":{}`},
		"a null":                     {`null`, `"formErrors":["Expected object, received null"]`},
		"a string":                   {`"x"`, `"formErrors":["Expected object, received string"]`},
		"required fields missing":    {`{}`, `"fieldErrors":{"candidateEmail":["Required"],"jobRole":["Required"]}`},
		"an explicit null":           {`{` + ok + `,"candidateName":null}`, `"candidateName":["Expected string, received null"]`},
		"a number for a string":      {`{"candidateEmail":7,"jobRole":"x"}`, `"candidateEmail":["Expected string, received number"]`},
		"no e-mail address":          {`{"candidateEmail":"nope","jobRole":"x"}`, `"candidateEmail":["Invalid email"]`},
		"a header in the address":    {`{"candidateEmail":"a@b.co\r\nBcc: x@y.zz","jobRole":"x"}`, `"candidateEmail":["Invalid email"]`},
		"an empty role":              {`{"candidateEmail":"a@b.co","jobRole":""}`, `"jobRole":["String must contain at least 1 character(s)"]`},
		"a role too long":            {`{"candidateEmail":"a@b.co","jobRole":"` + strings.Repeat("x", 201) + `"}`, `"jobRole":["String must contain at most 200 character(s)"]`},
		"an unknown type":            {`{` + ok + `,"type":"VIDEO"}`, `"type":["Invalid enum value. Expected 'TEXT' | 'VOICE', received 'VIDEO'"]`},
		"too little time":            {`{` + ok + `,"timeLimitMinutes":4}`, `"timeLimitMinutes":["Number must be greater than or equal to 5"]`},
		"too much time":              {`{` + ok + `,"timeLimitMinutes":121}`, `"timeLimitMinutes":["Number must be less than or equal to 120"]`},
		"a broken number of minutes": {`{` + ok + `,"timeLimitMinutes":7.5}`, `"timeLimitMinutes":["Expected integer, received float"]`},
		"a job id that is none":      {`{` + ok + `,"jobId":"7"}`, `"jobId":["Invalid uuid"]`},
		"a time with an offset":      {`{` + ok + `,"expiresAt":"2027-01-01T00:00:00+01:00"}`, `"expiresAt":["Invalid datetime"]`},
		"a bare date":                {`{` + ok + `,"expiresAt":"2027-01-01"}`, `"expiresAt":["Invalid datetime"]`},
		"a plan that does not pass":  {`{` + ok + `,"plan":{"bad":1}}`, `"plan":["questions has 0 entries; use 1 to 30"]`},
		"a NUL in a text":            {`{` + ok + `,"candidateNotes":"a\u0000b"}`, `"candidateNotes":["Invalid"]`},
		"several faults at once":     {`{"candidateEmail":"x","jobRole":"","type":"A"}`, `"candidateEmail":["Invalid email"],"jobRole":[`},
		"nesting beyond any request": {strings.Repeat("[", 100) + strings.Repeat("]", 100), `{"error":"Invalid JSON"}`},
		"an unknown consent policy":  {`{` + ok + `,"consentPolicy":"maybe"}`, `"consentPolicy":["Invalid enum value. Expected 'required' | 'implied', received 'maybe'"]`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := b.asDeveloper(http.MethodPost, "/interviews", c.body)
			if a.status != http.StatusBadRequest || !strings.Contains(a.body, c.want) {
				t.Errorf("%d %s\nwant 400 with %s", a.status, a.body, c.want)
			}
			if ct := a.header.Get("Content-Type"); !strings.Contains(ct, "application/json") {
				t.Errorf("content type is %q", ct)
			}
		})
	}
}

func TestCreatedInterviewHasEveryFieldAndItsFirstLink(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.asDeveloper(http.MethodPost, "/interviews", `{"candidateEmail":"a@b.co","jobRole":"Engineer","type":"VOICE","unknown":1}`)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, want := range []string{
		`"recruiterId":"00000000-0000-4000-8000-000000000001"`, `"jobId":null`, `"candidateName":null`, `"type":"VOICE"`,
		`"timeLimitMinutes":30`, `"status":"PENDING"`, `"startedAt":null`, `"score":null`, `"recordingGcsKey":null`, `"accessCount":0`, `"revokedAt":null`,
		`"interviewUrl":"` + testFrontend + `/voice-interview/`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("%s is missing in %s", want, a.body)
		}
	}
	if !regexp.MustCompile(`"token":"[A-Za-z0-9_-]{32}"`).MatchString(a.body) {
		t.Errorf("no token of the contract's shape in %s", a.body)
	}
}

func TestRoutesOfTheRecruiterNeedTheKey(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.created("")
	closed := setup(t, func(c *Config) { c.DevKey = "" })
	for _, c := range []struct{ method, path string }{
		{http.MethodPost, "/interviews"}, {http.MethodGet, "/interviews/" + string(id)}, {http.MethodGet, "/interviews/" + string(id) + "/transcript"},
	} {
		for name, header := range map[string][]string{ // what is no key is taken for a session
			"no key": nil, "a wrong key": {"Authorization", "Bearer " + testKey + "x"}, "an empty one": {"Authorization", "Bearer "},
			"another scheme": {"Authorization", "Basic " + testKey},
		} {
			if a := b.do(c.method, c.path, "{}", header...); a.status != http.StatusUnauthorized || !strings.Contains(a.body, map[bool]string{true: "Invalid or expired session", false: "Authentication required"}[name == "a wrong key"]) {
				t.Errorf("%s %s with %s: %d %s", c.method, c.path, name, a.status, a.body)
			}
		}
		if a := closed.do(c.method, c.path, "{}", "Authorization", "Bearer "); a.status != http.StatusUnauthorized {
			t.Errorf("%s %s without a configured key: %d", c.method, c.path, a.status)
		}
	}
	if a := b.do(http.MethodGet, "/interviews/"+string(id), "", "X-Dev-Key", testKey); a.status != http.StatusOK {
		t.Errorf("the key in its own header: %d", a.status)
	}
}

func TestSomebodyElsesInterviewIsNotFound(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.created("")
	b.memory.Edit(id, func(i *hiring.Interview) { i.RecruiterID = "somebody-else" })
	for _, path := range []string{"/interviews/" + string(id), "/interviews/" + string(id) + "/transcript", "/interviews/7", "/interviews/00000000-0000-4000-8000-00000000ffff"} {
		if a := b.asDeveloper(http.MethodGet, path, ""); a.status != http.StatusNotFound || a.body != `{"error":"Interview not found"}` {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
}

func TestTranscriptListsTheLinesInOrder(t *testing.T) {
	t.Parallel()
	b := setup(t)
	id, _ := b.created("")
	if a := b.asDeveloper(http.MethodGet, "/interviews/"+string(id)+"/transcript", ""); a.body != "[]" {
		t.Errorf("an empty transcript is %s", a.body)
	}
	seq, cut := interview.Seq(4), true
	b.memory.AddMessages(id,
		hiring.Message{ID: "1", InterviewID: id, Role: interview.RoleAssistant, Content: "Hello", CreatedAt: time.Unix(1, 0), Seq: &seq, Interrupted: &cut},
		hiring.Message{ID: "2", InterviewID: id, Role: interview.RoleUser, Content: "Hi", CreatedAt: time.Unix(2, 5e6)})
	a := b.asDeveloper(http.MethodGet, "/interviews/"+string(id)+"/transcript", "")
	want := `[{"id":"1","interviewId":"` + string(id) + `","role":"assistant","content":"Hello","createdAt":"1970-01-01T00:00:01.000Z","seq":4,"interrupted":true},` +
		`{"id":"2","interviewId":"` + string(id) + `","role":"user","content":"Hi","createdAt":"1970-01-01T00:00:02.005Z","seq":null,"interrupted":false}]`
	if a.body != want {
		t.Errorf("got  %s\nwant %s", a.body, want)
	}
}

func TestADatabaseErrorTellsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.memory.Break(errors.New(`ERROR: relation "Interview" does not exist`))
	a := b.asDeveloper(http.MethodPost, "/interviews", `{"candidateEmail":"a@b.co","jobRole":"x"}`)
	if a.status != http.StatusInternalServerError || a.body != `{"error":"Internal server error"}` {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestCORSOnAnswersErrorsAndPreflights(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, c := range []struct{ name, method, path, origin, allow string }{
		{"an answer", http.MethodGet, "/health", testFrontend, testFrontend},
		{"an error", http.MethodGet, "/interviews/7", testFrontend, testFrontend},
		{"an unknown route", http.MethodGet, "/nope", testFrontend, testFrontend},
		{"another origin", http.MethodGet, "/health", "http://evil.test", ""},
		{"a longer origin", http.MethodGet, "/health", testFrontend + ".evil.test", ""},
	} {
		a := b.do(c.method, c.path, "", "Origin", c.origin)
		if got := a.header.Get("Access-Control-Allow-Origin"); got != c.allow {
			t.Errorf("%s: allowed origin is %q, want %q", c.name, got, c.allow)
		}
		if a.header.Get("Access-Control-Allow-Credentials") != "true" || a.header.Get("Vary") != "Origin" {
			t.Errorf("%s: credentials %q, vary %q", c.name, a.header.Get("Access-Control-Allow-Credentials"), a.header.Get("Vary"))
		}
	}
	p := b.do(http.MethodOptions, "/interviews", "", "Origin", testFrontend, "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type,x-a")
	if p.status != http.StatusNoContent || p.header.Get("Access-Control-Allow-Headers") != "content-type,x-a" ||
		p.header.Get("Access-Control-Allow-Methods") != "GET,HEAD,PUT,POST,DELETE,PATCH" {
		t.Errorf("preflight: %d %v", p.status, p.header)
	}
}

func TestAnswersCarrySecurityHeadersAndARequestID(t *testing.T) {
	t.Parallel()
	b := setup(t)
	a := b.do(http.MethodGet, "/health", "", headerRequestID, "bad id\tx")
	if id := a.header.Get(headerRequestID); !requestIDShape.MatchString(id) {
		t.Errorf("request id is %q", id)
	}
	if a := b.do(http.MethodGet, "/health", "", headerRequestID, "from-the-proxy-1"); a.header.Get(headerRequestID) != "from-the-proxy-1" {
		t.Errorf("the proxy's request id was replaced by %q", a.header.Get(headerRequestID))
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// Two hundred at once: every answer belongs to its own request.
func TestAnswersDoNotMixUnderLoad(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ids := make([]interview.ID, 20)
	for i := range ids {
		ids[i], _ = b.created("")
	}
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			id := ids[i%len(ids)]
			if a := b.asDeveloper(http.MethodGet, "/interviews/"+string(id), ""); !strings.HasPrefix(a.body, `{"id":"`+string(id)) {
				t.Errorf("asked for %s, got %.60s", id, a.body)
			}
		})
	}
	wg.Wait()
}
