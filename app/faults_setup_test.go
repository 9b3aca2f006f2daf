package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/configs"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/simulated/suite"
	"github.com/vantahire/vantahire/providers/soundcode"
	"github.com/vantahire/vantahire/store/testdb"
)

// stage is a house whose providers are simulated ones, with an interview to hold.
type stage struct {
	*house
	suite      *suite.Suite
	invitation candidate.Invitation
}

// hosted opens a house with keys of hosted providers and nothing local. Unlike open
// it may be called from tests that run at once. before comes before the house.
func hosted(t *testing.T, env map[string]string, before func(*suite.Suite)) *stage {
	t.Helper()
	s := &stage{suite: suite.New(suite.Config{Keys: []string{"key"}, Seed: 7})}
	server := httptest.NewServer(s.suite)
	t.Cleanup(func() { server.CloseClientConnections(); s.suite.Close(); server.Close() })
	if before != nil {
		before(s.suite)
	}
	settings := map[string]string{
		"PORT": "0", "VANTAHIRE_DATA_DIR": dataDir(t), "VANTAHIRE_LOCAL_CALLS": "0",
		"DATABASE_URL": testdb.New(t), // to make a private one for each takes longer than the calls
		"DEEPGRAM_URL": server.URL, "CARTESIA_URL": server.URL, "GROQ_URL": server.URL + "/openai/v1",
		"DEEPGRAM_API_KEY": "key", "CARTESIA_API_KEY": "key", "GROQ_API_KEY": "key",
	}
	for key, value := range env {
		settings[key] = value
	}
	cfg, err := configs.Load(func(key string) (string, bool) { v, set := settings[key]; return v, set })
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(t.Context(), cfg, slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelInfo, ReplaceAttr: clockOnly})))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.house = &house{t: t, app: a, done: make(chan error, 1), stop: cancel}
	go func() { s.done <- a.Run(ctx) }()
	t.Cleanup(s.close)
	if s.invitation, err = s.api().Create(t.Context(), "Software Engineer", 15, "implied", []byte(shortPlan)); err != nil {
		t.Fatal(err)
	}
	return s
}

// clockOnly shortens the time of a log line to what matters here.
func clockOnly(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.String(a.Key, a.Value.Time().Format(clockFormat))
	}
	return a
}

const clockFormat = "05.000"

// trouble makes trouble.
func (s *stage) trouble(provider, kind string, length time.Duration) {
	s.t.Helper()
	s.t.Logf("%s trouble: %s %s for %s", time.Now().Format(clockFormat), provider, kind, length)
	if err := s.suite.Make(suite.Trouble{Provider: provider, Kind: kind, Seconds: length.Seconds()}); err != nil {
		s.t.Error(err)
	}
}

// during calls do when the candidate begins to speak the answer of that number,
// from 1, in a goroutine that has ended when the test has.
func (s *stage) during(do map[int]func(ctx context.Context)) {
	follower := s.app.bus.Follow(0, string(hiring.InterviewTopic(s.invitation.Interview)))
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	s.t.Cleanup(func() { cancel(); follower.Close(); <-done })
	go func() {
		defer close(done)
		answers, last := 0, 0
		for e := range follower.Events() {
			raw, err := json.Marshal(e.Payload)
			if err != nil {
				s.t.Error(err)
				return
			}
			switch text := string(raw); {
			case e.Name == "interview:message" && strings.Contains(text, fmt.Sprintf(`"role":%q`, interview.RoleUser)):
				answers++
			case e.Name == "interview:state" && strings.Contains(text, `"user":"speaking"`) && last <= answers:
				last = answers + 1
				if f := do[last]; f != nil {
					f(ctx)
				}
			}
		}
	}()
}

// sleep waits for d or the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// hold lets a candidate hold the interview with the answers.
func (s *stage) hold(answers []string, change func(*candidate.Options)) candidate.Report {
	s.t.Helper()
	o := candidate.Options{API: s.api(), Invitation: s.invitation, Reader: codeReader{}, Seed: 7}
	for _, text := range answers {
		o.Answers = append(o.Answers, coded(text))
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), 2*time.Minute)
	defer cancel()
	report, err := candidate.Run(ctx, o)
	s.tell(report)
	if err != nil {
		s.t.Error(err)
	}
	return report
}

// tell logs what the candidate said and heard, and when.
func (s *stage) tell(r candidate.Report) {
	type entry struct {
		at   time.Time
		text string
	}
	var all []entry
	for i, turn := range r.Turns {
		all = append(all, entry{turn.Ended, fmt.Sprintf("candidate ends answer %d, understood %q, hears sound %d ms later", i+1, turn.Understood, turn.Latency.Milliseconds())})
	}
	for _, said := range r.Said {
		length := time.Duration(len(said.PCM)) * time.Second / media.PlayRate
		all = append(all, entry{said.First, fmt.Sprintf("hears reply %d for %d ms, %d gaps of %d ms: %q", said.Reply, length.Milliseconds(), said.Gaps, said.Paused.Milliseconds(), said.Text)})
	}
	slices.SortFunc(all, func(a, b entry) int { return a.at.Compare(b.at) })
	for _, e := range all {
		s.t.Logf("%s +%5.1f s %s", e.at.Format(clockFormat), e.at.Sub(r.Began).Seconds(), e.text)
	}
	for _, l := range r.Lines {
		s.t.Logf("stored: %s %q interrupted=%t", l.Role, l.Content, l.Interrupted)
	}
}

// faultless requires a report without problems but those that hold one of the
// given words.
func faultless(t *testing.T, r candidate.Report, except ...string) {
	t.Helper()
	for _, p := range r.Problems {
		if !slices.ContainsFunc(except, func(words string) bool { return strings.Contains(p, words) }) {
			t.Error(p)
		}
	}
	if len(r.Lines) == 0 || r.WordsRead == 0 {
		t.Errorf("%d lines are stored, %d words were read back from the sound", len(r.Lines), r.WordsRead)
	}
}

// events reads the payloads of the stored events of a kind.
func (s *stage) events(kind interview.EventKind) []string {
	s.t.Helper()
	rows, err := s.app.pool.Query(s.t.Context(), "SELECT payload::text FROM interview_events WHERE interview = $1 AND kind = $2 ORDER BY seq", string(s.invitation.Interview), string(kind))
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return all
}

// coded is an answer in sound that carries its words.
func coded(text string) candidate.Answer {
	pcm, _ := soundcode.Voice{}.Speak(text, media.MicRate)
	return candidate.Answer{Text: text, PCM: pcm}
}

// codeReader reads such sound. Punctuation at a word's end is a matter of writing.
type codeReader struct{}

func (codeReader) Read(pcm []int16, rate int) []string {
	var words []string
	for _, w := range soundcode.Read(pcm, rate) {
		words = append(words, bare(w.Text))
	}
	return words
}

func (codeReader) Words(text string) []string {
	var words []string
	for _, w := range soundcode.Words(text) {
		words = append(words, bare(w))
	}
	return words
}

func bare(word string) string { return strings.TrimRight(word, ".,;:!?") }
