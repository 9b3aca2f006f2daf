package deepgramtts

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func post(t *testing.T, url, query, contentType, body string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/speak?"+query, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Token k")
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Logf("the body ends by %v", err)
	}
	return res, string(raw)
}

func TestRESTAnswersWithItsContentTypes(t *testing.T) {
	t.Parallel()
	s, url := serve(t, Config{Instant: true})
	const text = "Hello there."
	for query, want := range map[string]string{
		"":                                 "audio/mpeg",
		"encoding=mp3":                     "audio/mpeg",
		"encoding=linear16":                "audio/wav",
		"encoding=linear16&container=wav":  "audio/wav",
		"encoding=linear16&container=none": "audio/l16;rate=24000",
		"encoding=linear16&container=none&sample_rate=8000": "audio/l16;rate=8000",
		"encoding=mulaw&container=none":                     "audio/mulaw;rate=8000",
		"encoding=alaw&container=none&sample_rate=16000":    "audio/alaw;rate=16000",
		"encoding=alaw":                   "audio/wav",
		"encoding=opus&container=ogg":     "audio/ogg;codecs=opus",
		"encoding=flac&sample_rate=48000": "audio/flac",
		"encoding=aac":                    "audio/aac",
	} {
		res, body := post(t, url, query, "application/json", `{"text":"`+text+`"}`)
		if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != want || body == "" {
			t.Errorf("%s: %d %s, %d bytes", query, res.StatusCode, res.Header.Get("Content-Type"), len(body))
		}
		if want == "audio/wav" && body[:4] != "RIFF" {
			t.Errorf("%s: no header", query)
		}
		if want == "audio/l16;rate=24000" && len(body) != bytesOf(text) {
			t.Errorf("%s: %d bytes", query, len(body))
		}
		h := res.Header
		if h.Get("dg-request-id") == "" || h.Get("dg-model-name") != "aura-asteria-en" || h.Get("dg-model-uuid") == "" || h.Get("dg-char-count") != "12" {
			t.Errorf("%s: %v", query, h)
		}
		if len(res.TransferEncoding) != 1 || res.TransferEncoding[0] != "chunked" {
			t.Errorf("%s: the body is not chunked: %v", query, res.TransferEncoding)
		}
	}
	if s.Journal.Billed("speak") != 12*s.Journal.Count("request") {
		t.Errorf("billed %d", s.Journal.Billed("speak"))
	}
	if res, _ := post(t, url, "encoding=linear16", "text/plain; charset=utf-8", text); res.StatusCode != http.StatusOK {
		t.Errorf("plain text: %d", res.StatusCode)
	}
}

func TestRESTRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault                    ConnectFault
		query, contentType, body string
		status                   int
		code                     string
	}{
		"more than 2000 characters": {body: `{"text":"` + strings.Repeat("x", 2001) + `"}`, status: 413, code: "Payload Too Large"},
		"more than 2 MB":            {body: `{"text":"` + strings.Repeat("x", 3<<20) + `"}`, status: 413, code: "PAYLOAD_TOO_LARGE"},
		"no text":                   {body: `{"text":" "}`, status: 400, code: "Bad Request"},
		"bad UTF-8":                 {body: "{\"text\":\"\xff\"}", status: 400, code: "PAYLOAD_ERROR"},
		"bad JSON":                  {body: `{"text":`, status: 400, code: "PAYLOAD_ERROR"},
		"another content type":      {contentType: "application/xml", body: "<a/>", status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"no content type":           {contentType: "-", body: "x", status: 415, code: "UNSUPPORTED_MEDIA_TYPE"},
		"a wrong combination":       {query: "encoding=mp3&container=wav", body: `{"text":"x"}`, status: 400, code: "INVALID_QUERY_PARAMETER"},
		"an unknown voice":          {query: "model=x", body: `{"text":"x"}`, status: 400, code: "Bad Request"},
		"too many":                  {fault: ConnectFault{Status: 429}, body: `{"text":"x"}`, status: 429, code: "TOO_MANY_REQUESTS"},
		"out of service":            {fault: ConnectFault{Status: 503}, body: `{"text":"x"}`, status: 503, code: "SERVICE_UNAVAILABLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, url := serve(t, Config{Instant: true})
			s.Connecting.Always(c.fault)
			if c.contentType == "" {
				c.contentType = "application/json"
			}
			res, body := post(t, url, c.query, c.contentType, c.body)
			name := "err_code"
			if c.status == 503 {
				name = "error_code"
			}
			var fields map[string]string
			if err := json.Unmarshal([]byte(body), &fields); err != nil || len(fields) != 3 {
				t.Fatalf("%d %s: %v", res.StatusCode, body, err)
			}
			if res.StatusCode != c.status || fields[name] != c.code || fields["err_msg"] == "" || fields["request_id"] != res.Header.Get("dg-request-id") {
				t.Errorf("%d %s", res.StatusCode, body)
			}
		})
	}
}

func TestRESTAdmitsSoMany(t *testing.T) {
	t.Parallel()
	s, url := serve(t, Config{MaxRequests: 1, Instant: true})
	s.Speaking.Next(SpeechFault{Stall: true, After: 10 * time.Millisecond})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/speak?encoding=linear16&container=none", strings.NewReader(`{"text":"Long enough to stall in its middle."}`))
	req.Header = http.Header{"Authorization": {"Token k"}, "Content-Type": {"application/json"}}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if second, _ := post(t, url, "", "application/json", `{"text":"x"}`); second.StatusCode != http.StatusTooManyRequests {
		t.Errorf("%d", second.StatusCode)
	}
	_ = res.Body.Close()
	waitFor(t, "the place", func() bool {
		again, _ := post(t, url, "", "application/json", `{"text":"x"}`)
		return again.StatusCode == http.StatusOK
	})
	s.Speaking.Next(SpeechFault{Drop: true})
	if _, body := post(t, url, "encoding=linear16", "application/json", `{"text":"Gone."}`); len(body) > 44 {
		t.Errorf("%d bytes before the drop", len(body))
	}
	res, err = http.Get(url + "/v2/speak")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("another path: %d", res.StatusCode)
	}
}
