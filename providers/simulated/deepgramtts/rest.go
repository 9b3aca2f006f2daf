package deepgramtts

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers/simulated"
)

// serveRequest answers a REST request.
func (s *Server) serveRequest(w http.ResponseWriter, r *http.Request, n int, id string) {
	leave, ok := s.admit(&s.requests, s.cfg.MaxRequests)
	if !ok {
		s.refuse(w, n, id, tooMany)
		return
	}
	defer leave()
	p, wrong := parse(r.URL.Query(), false)
	if wrong != nil {
		s.refuse(w, n, id, *wrong)
		return
	}
	text, wrong := requestText(w, r)
	if wrong != nil {
		s.refuse(w, n, id, *wrong)
		return
	}
	characters := utf8.RuneCountInString(text)
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "request", Detail: describe(p)})
	s.Journal.Add(simulated.Entry{Conn: n, Kind: "speak", Detail: text, Billed: characters})
	fault := s.Speaking.Take(time.Now())
	h := w.Header()
	h.Set("Content-Type", families[p.encoding].contentType(p))
	h.Set("dg-request-id", id)
	h.Set("dg-model-name", p.model)
	h.Set("dg-model-uuid", "0b4b6c2e-5f2b-4b7c-9a53-0d7c6f3d5a11")
	h.Set("dg-char-count", strconv.Itoa(characters))
	delay := s.cfg.FirstByte
	if fault.FirstByte != (simulated.Delay{}) {
		delay = fault.FirstByte
	}
	if !s.hesitate(r, ConnectFault{Hang: fault.Mute, Delay: delay.Sample(s.chance)}) {
		return
	}
	s.stream(w, r, p, text, fault)
}

// requestText reads what to say.
func requestText(w http.ResponseWriter, r *http.Request) (string, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || (kind != "application/json" && kind != "text/plain") {
		return "", &badType
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return "", &tooBig
	case err != nil, !utf8.Valid(raw):
		return "", &badText
	}
	text := string(raw)
	if kind == "application/json" {
		var body struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(raw, &body) != nil {
			return "", &badText
		}
		text = body.Text
	}
	switch {
	case strings.TrimSpace(text) == "":
		return "", &noText
	case utf8.RuneCountInString(text) > maxText:
		return "", &tooLong
	}
	return text, nil
}

// stream sends the sound in chunks as it is made.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, p params, text string, f SpeechFault) {
	pcm, _ := s.cfg.Voice.Speak(text, p.rate)
	buffer, _ := sounds.Get().(*[]byte)
	defer sounds.Put(buffer)
	*buffer = (*buffer)[:0]
	if p.container == "wav" {
		*buffer = append(*buffer, waveHeader(p.encoding, p.rate)...)
	}
	*buffer = encode(*buffer, pcm, p.encoding)
	out := http.NewResponseController(w)
	limit := len(*buffer) + 1
	perSecond := p.rate * width(p.encoding)
	if f.Stall || f.Drop || f.CloseCode != 0 {
		limit = int(f.After * time.Duration(perSecond) / time.Second)
	}
	pace := f.Pace
	if pace <= 0 {
		pace = (s.cfg.SlowestPace + s.cfg.FastestPace) / 2
	}
	if out.Flush() != nil { // the headers come before the sound
		return
	}
	sent := 0
	for left := *buffer; len(left) > 0; {
		n := min(len(left), smallest+s.chance.Below(largest-smallest))
		if sent += n; sent > limit {
			break
		}
		if _, err := w.Write(left[:n]); err != nil || out.Flush() != nil {
			return
		}
		left = left[n:]
		if wait := time.Duration(float64(n) / float64(perSecond) / pace * float64(time.Second)); !s.cfg.Instant && !s.hesitate(r, ConnectFault{Delay: wait}) {
			return
		}
	}
	switch {
	case f.Stall:
		s.hesitate(r, ConnectFault{Hang: true})
	case f.Drop, f.CloseCode != 0:
		panic(http.ErrAbortHandler) // the only way to end an answer in its middle
	}
}
