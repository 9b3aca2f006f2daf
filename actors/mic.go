package actors

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/vad"
)

// mic is the candidate's microphone as the interview hears it, over all its
// connections: it detects speech, keeps the audio for recognition and maps the
// media clock to the interview's clock. Its frames come from the reader goroutine
// of whichever connection holds the call; a replaced connection's are refused.
type mic struct {
	inbound *media.Inbound
	since   func() time.Duration // the interview's clock
	report  func(interviewMsg)
	open    atomic.Bool // false while paused, before the start and after the end

	mu       sync.Mutex
	conn     *Connection
	detector *vad.Detector
	clock    mediaClock
	speaking bool
}

func newMic(cfg Config, since func() time.Duration, report func(interviewMsg)) *mic {
	return &mic{
		inbound: media.NewInbound(cfg.ReplayBuffer), since: since, report: report,
		detector: vad.New(cfg.Model, cfg.VAD),
	}
}

// attach makes conn the only connection that may deliver; speech that was in
// progress has ended.
func (m *mic) attach(conn *Connection) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn = conn
	m.detector.Reset()
	m.clock.jump()
	m.speaking = false
}

// frame takes one 20 ms frame from conn.
func (m *mic) frame(conn *Connection, pcm []int16) {
	if !m.open.Load() {
		return
	}
	m.mu.Lock()
	if conn != m.conn {
		m.mu.Unlock()
		return
	}
	pos := m.inbound.Push(pcm)
	now := m.since()
	m.clock.tick(pos+media.MicFrame, now)
	r := m.detector.Process(pos, pcm)
	var msg interviewMsg
	switch r.Event {
	case vad.SpeechStarted:
		m.speaking = true
		msg = voiceStarted{from: m.clock.at(r.At), found: now}
	case vad.SpeechEnded:
		m.speaking = false
		msg = voiceEnded{to: m.clock.at(r.At), head: pos + media.MicFrame}
	case vad.None:
	}
	m.mu.Unlock()
	if msg != nil {
		m.report(msg)
	}
}

// gap notes samples that came too fast to be taken.
func (m *mic) gap(samples int) {
	if m.open.Load() {
		m.inbound.Gap(interview.Sample(samples))
	}
}

// cut ends speech that is in progress, because its connection is gone.
func (m *mic) cut() {
	m.mu.Lock()
	speaking := m.speaking
	m.speaking = false
	m.detector.Reset()
	now, head := m.since(), m.inbound.Head()
	m.mu.Unlock()
	if speaking {
		m.report(voiceEnded{to: now, head: head})
	}
}

// at maps a media position to the interview's clock.
func (m *mic) at(pos interview.Sample) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.clock.at(pos)
}

// voiceStarted and voiceEnded are the microphone's reports.
type (
	voiceStarted struct {
		from  time.Duration // true onset
		found time.Duration // when the detector was sure
	}
	voiceEnded struct {
		to   time.Duration
		head interview.Sample // everything before it belongs to the utterance
	}
)

func (voiceStarted) interviewMsg() {}
func (voiceEnded) interviewMsg()   {}
