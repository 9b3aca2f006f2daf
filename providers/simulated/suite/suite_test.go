package suite

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

func serve(t *testing.T) (*Suite, string) {
	t.Helper()
	s := New(Config{Keys: []string{"k"}})
	h := httptest.NewServer(s)
	t.Cleanup(func() { h.CloseClientConnections(); s.Close(); h.Close() })
	return s, h.URL
}

func ask(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer k")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(raw)
}

const completion = `{"model":"openai/gpt-oss-120b","messages":[{"role":"system","content":"You interview."},{"role":"system","content":"Say exactly this and nothing else: Hello."}]}`

func TestEveryProviderAnswersAtItsPaths(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for path, want := range map[string]int{
		"/openai/v1/models": 200, "/v1/listen": 401, "/v2/listen": 401, "/v1/speak": 401, "/tts/websocket": 400, "/nothing": 404,
	} {
		status, answer := ask(t, http.MethodGet, url+path, "")
		if status == 404 && want != 404 || want == 200 && status != 200 || want == 404 && status != 404 {
			t.Errorf("%s: %d %s, want about %d", path, status, answer, want)
		}
	}
	if status, answer := ask(t, http.MethodPost, url+"/openai/v1/chat/completions", completion); status != 200 || !strings.Contains(answer, "Hello.") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestTroubleComesAndGoes(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for _, c := range []struct {
		order  string
		status int // of the next completion
	}{
		{`{"provider":"groq","kind":"down"}`, 503},
		{`{"provider":"groq","kind":"limited"}`, 429},
		{`{"provider":"groq","kind":"barred"}`, 401},
		{`{"provider":"deepgram-stt","kind":"down"}`, 401}, // still the one before
		{`{"provider":"groq","kind":"none"}`, 200},
		{`{"provider":"all","kind":"down","seconds":60}`, 503},
		{`{"provider":"all","kind":"none"}`, 200},
	} {
		if status, answer := ask(t, http.MethodPost, url+"/control/trouble", c.order); status != http.StatusNoContent {
			t.Fatalf("%s: %d %s", c.order, status, answer)
		}
		if status, answer := ask(t, http.MethodPost, url+"/openai/v1/chat/completions", completion); status != c.status {
			t.Errorf("after %s: %d %s", c.order, status, answer)
		}
	}
	for _, kind := range []string{None, Down, Cut, Silent, Stall, Limited, Barred} {
		for _, provider := range []string{Listen, Speak, Cartesia, All} {
			order, _ := json.Marshal(Trouble{Provider: provider, Kind: kind})
			if status, answer := ask(t, http.MethodPost, url+"/control/trouble", string(order)); status != http.StatusNoContent {
				t.Errorf("%s: %d %s", order, status, answer)
			}
		}
	}
}

func TestOrdersThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for _, order := range []string{``, `nonsense`, `{"provider":"x","kind":"down"}`, `{"provider":"groq","kind":"x"}`, `{"provider":"groq","kind":"down","seconds":-1}`, `{"provider":"groq","kind":"down","seconds":1e9}`, strings.Repeat(" ", maxControl) + `{}`} {
		if status, _ := ask(t, http.MethodPost, url+"/control/trouble", order); status != http.StatusBadRequest {
			t.Errorf("%.60q: %d", order, status)
		}
	}
}

func TestTheJournalTellsWhatWasAsked(t *testing.T) {
	t.Parallel()
	_, url := serve(t)
	for range 3 {
		ask(t, http.MethodPost, url+"/openai/v1/chat/completions", completion)
	}
	_, answer := ask(t, http.MethodGet, url+"/control/journal", "")
	var totals map[string]Totals
	if err := json.Unmarshal([]byte(answer), &totals); err != nil {
		t.Fatal(err)
	}
	if got := totals[Groq]; got.Count["completion"] != 3 || got.Billed["completion"] <= 0 || len(totals) != 4 {
		t.Errorf("%s", answer)
	}
}
