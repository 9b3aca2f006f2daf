package candidate

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// server is an interviewer that holds a call by rote, and does wrong what faults
// tells it to. It is real HTTP and a real WebSocket.
type server struct {
	t      *testing.T
	http   *httptest.Server
	faults faults

	mu    sync.Mutex
	lines []Line
	no    interview.ReplyNo
	conns int
	ended bool
}

// faults are what the server does wrong.
type faults struct {
	refuse     int                 // status of the upgrade
	create     int                 // status of POST /interviews
	noLink     bool                // the answer of POST /interviews has no session
	transcript int                 // status of the transcript route
	garble     func([]Line) []Line // what the transcript route answers
	deaf       bool                // no final transcripts
	sameAgain  bool                // the same question each time
	stale      bool                // a packet of a flushed reply
	noFlush    bool                // an interruption is ignored
	coughs     bool                // a reply is cut by anything that sounds, also by a cough
	closeCode  int                 // closes after the first answer
	running    bool                // the interview stays IN_PROGRESS
	keepOld    bool                // a taken-over device is closed with another code
	long       bool                // replies take longReply, so that one can talk into them
}

// longReply is long enough for an interruption after 1.5 s to be decided within it.
const longReply = 2400 * time.Millisecond

const theID, theToken, theKey = interview.ID("11111111-2222-4333-8444-555555555555"), "token", "dev_key"

func serve(t *testing.T, f faults) *server {
	t.Helper()
	s := &server{t: t, faults: f}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /interviews", s.create)
	mux.HandleFunc("GET /interviews/{id}", s.show)
	mux.HandleFunc("GET /interviews/{id}/transcript", s.transcript)
	mux.HandleFunc("GET /voice/{id}", s.voice)
	s.http = httptest.NewServer(mux)
	t.Cleanup(s.http.Close)
	return s
}

func (s *server) api() API { return API{Server: s.http.URL, Key: theKey} }

func (s *server) answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(body); err != nil {
		s.t.Error(err)
	}
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+theKey {
		s.answer(w, http.StatusUnauthorized, map[string]string{"error": "Authentication required"})
		return
	}
	if s.faults.create != 0 {
		s.answer(w, s.faults.create, map[string]string{"error": "no"})
		return
	}
	sessions := []map[string]string{{"token": theToken}}
	if s.faults.noLink {
		sessions = nil
	}
	s.answer(w, http.StatusCreated, map[string]any{"id": theID, "sessions": sessions})
}

func (s *server) show(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	status := interview.StatusInProgress
	if s.ended && !s.faults.running {
		status = interview.StatusCompleted
	}
	s.answer(w, http.StatusOK, map[string]any{"id": theID, "status": status})
}

func (s *server) transcript(w http.ResponseWriter, _ *http.Request) {
	if s.faults.transcript != 0 {
		s.answer(w, s.faults.transcript, map[string]string{"error": "no"})
		return
	}
	s.mu.Lock()
	lines := slices.Clone(s.lines)
	s.mu.Unlock()
	if s.faults.garble != nil {
		lines = s.faults.garble(lines)
	}
	s.answer(w, http.StatusOK, lines)
}

func (s *server) line(role interview.Role, text string, interrupted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, Line{Role: role, Content: text, Seq: int64(len(s.lines) + 1), Interrupted: interrupted})
}

// voice is one connection.
func (s *server) voice(w http.ResponseWriter, r *http.Request) {
	if s.faults.refuse != 0 {
		s.answer(w, s.faults.refuse, map[string]string{"error": "not now"})
		return
	}
	if r.Header.Get("X-Interview-Token") != theToken {
		s.answer(w, http.StatusUnauthorized, map[string]string{"error": "Invalid or expired interview token"})
		return
	}
	ws, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	s.conns++
	conn := s.conns
	s.mu.Unlock()
	l := &phone{server: s, ws: ws, conn: conn}
	l.hold()
	_ = ws.Close()
}

// current tells whether conn is the newest connection.
func (s *server) current(conn int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return conn == s.conns
}

// phone is the server's end of one connection.
type phone struct {
	*server
	ws   *websocket.Conn
	conn int
	mu   sync.Mutex // writes

	playing  interview.ReplyNo
	text     string
	began    time.Time
	loud     int // frames of the candidate's present sound
	quiet    int // silent frames after it
	flushed  bool
	answered int
}

func (l *phone) send(m voiceproto.ServerMessage) {
	raw, err := voiceproto.EncodeServer(m)
	if err != nil {
		l.t.Error(err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.ws.WriteMessage(websocket.TextMessage, raw) // the candidate may be gone
}

func (l *phone) sound(d time.Duration) {
	pcm := make([]byte, 2*int(d*media.PlayRate/time.Second))
	for i := range len(pcm) / 2 {
		v := int16(4000 * math.Sin(float64(i)/20))
		binary.LittleEndian.PutUint16(pcm[2*i:], uint16(v)) //nolint:gosec // the bit pattern is meant
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.ws.WriteMessage(websocket.BinaryMessage, pcm)
}

// ask says the next question.
func (l *phone) ask() {
	l.server.mu.Lock()
	l.no++
	no := l.no
	l.server.mu.Unlock()
	text := fmt.Sprintf("Thank you. What is your answer to question %d?", no)
	if l.faults.sameAgain {
		text = "What is your answer?"
	}
	l.playing, l.text, l.began, l.flushed = no, text, time.Now(), false
	l.send(voiceproto.Speech{Reply: no, Rate: media.PlayRate})
	length := 200 * time.Millisecond
	if l.faults.long {
		length = longReply
	}
	l.sound(length)
	l.send(voiceproto.AudioComplete{Reply: no})
	l.line(interview.RoleAssistant, text, false)
	l.send(voiceproto.Response{Text: text, Reply: no})
}

// hold reads until the candidate goes.
func (l *phone) hold() {
	l.send(voiceproto.Ready{InterviewID: theID, Resumed: l.conn > 1})
	if l.conn == 1 {
		l.ask()
	}
	for {
		kind, raw, err := l.ws.ReadMessage()
		if err != nil {
			return
		}
		if !l.current(l.conn) {
			code := voiceproto.CloseTakenOver
			if l.faults.keepOld {
				code = voiceproto.CloseInternal
			}
			l.bye(code)
			return
		}
		if kind == websocket.BinaryMessage {
			l.listen(raw)
			continue
		}
		m, err := voiceproto.DecodeClient(raw)
		if err != nil {
			l.t.Errorf("the candidate sent %s: %v", raw, err)
			return
		}
		switch m := m.(type) {
		case voiceproto.Text:
			l.understood(m.Content)
		case voiceproto.End:
			l.server.mu.Lock()
			l.ended = true
			l.server.mu.Unlock()
			l.send(voiceproto.Ended{InterviewID: theID, Reason: interview.EndCandidate})
			l.bye(voiceproto.CloseCompleted)
			return
		default:
		}
	}
}

func (l *phone) bye(code int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = l.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
	_ = l.ws.SetReadDeadline(time.Now().Add(2 * time.Second))
	for {
		if _, _, err := l.ws.ReadMessage(); err != nil {
			return
		}
	}
}

// listen takes a sound of more than a fifth of a second for an utterance once
// 400 ms were silent. While the interviewer talks it cuts in, or is a cough.
func (l *phone) listen(raw []byte) {
	pcm := make([]int16, len(raw)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:])) //nolint:gosec // the bit pattern is meant
	}
	if media.LevelDBFS(pcm) > -40 {
		l.loud++
		l.quiet = 0
		talking := l.faults.long && time.Since(l.began) < longReply && !l.flushed
		switch {
		case talking && l.loud == 3 && !l.faults.noFlush:
			l.send(voiceproto.Gain{Reply: l.playing, DB: -12, MS: 40})
			l.send(voiceproto.Hold{Reply: l.playing})
		case talking && (l.loud == 30 || l.loud == 5 && l.faults.coughs) && !l.faults.noFlush:
			l.cut()
		}
		return
	}
	l.quiet++
	if l.loud == 0 || l.quiet < 20 {
		return
	}
	loud := l.loud
	l.loud = 0
	switch {
	case loud >= 10:
		l.understood(fmt.Sprintf("answer %d of %d", l.answered, loud))
	case l.flushed:
		l.ask()
	default:
		l.send(voiceproto.Release{Reply: l.playing})
	}
}

// cut flushes what is said.
func (l *phone) cut() {
	l.flushed = true
	l.send(voiceproto.Flush{Reply: l.playing})
	if l.faults.stale {
		l.send(voiceproto.Speech{Reply: l.playing, Rate: media.PlayRate, From: 3000})
		l.sound(40 * time.Millisecond)
	}
	l.server.mu.Lock()
	defer l.server.mu.Unlock()
	last := &l.lines[len(l.lines)-1]
	last.Content, last.Interrupted = "Thank you.", true
}

func (l *phone) understood(text string) {
	l.answered++
	if l.faults.closeCode != 0 {
		l.bye(l.faults.closeCode)
		return
	}
	l.line(interview.RoleUser, text, false)
	if !l.faults.deaf {
		l.send(voiceproto.Transcript{Text: text, IsFinal: true})
	}
	l.ask()
}

// tone is a candidate's voice as far as this server cares.
func tone(d time.Duration) []int16 {
	pcm := make([]int16, int(d*media.MicRate/time.Second))
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(float64(i)/10))
	}
	return pcm
}
