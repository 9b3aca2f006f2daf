package actors

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/engine"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/vad"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// scene is a live interview on virtual time with scripted providers: the voice
// detector is the energy gate, so loud frames are speech and quiet ones are not.
type scene struct {
	t         *testing.T
	id        interview.ID
	sys       *engine.System
	calls     *Interviews
	ledger    *memoryLedger
	ear       *fakeEar
	voice     *fakeVoice
	chat      *fakeChat
	spare     *fakeChat // nil: none
	meter     *fakeMeter
	lifecycle *fakeLifecycle
	published *published
	device    *device
	conn      *Connection
	closed    int           // replies that untilQuiet has seen closed
	limit     time.Duration // of talk time
}

// play runs a story in a bubble of virtual time.
func play(t *testing.T, story func(s *scene)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &scene{
			t: t, id: "00000000-0000-4000-8000-000000000032", ledger: newMemoryLedger(), ear: &fakeEar{},
			voice: &fakeVoice{wordTime: 300 * time.Millisecond, delay: 50 * time.Millisecond},
			chat:  &fakeChat{delay: 100 * time.Millisecond}, lifecycle: &fakeLifecycle{}, published: &published{}, meter: newFakeMeter(),
			limit: 30 * time.Minute,
		}
		s.open(Config{})
		defer func() { s.close() }() // also when the story fails: a bubble can't be left with actors in it
		story(s)
	})
}

// open starts the process's part: engine and interviews.
func (s *scene) open(cfg Config) {
	s.t.Helper()
	sys, err := engine.New(engine.Config{Logger: quietLog()})
	if err != nil {
		s.t.Fatal(err)
	}
	cfg.Owner = "test"
	if cfg.Turn == (turn.Config{}) {
		cfg.Turn = turn.DefaultConfig()
	}
	cfg.VAD = vad.Config{}
	deps := Deps{
		STT: s.ear, TTS: s.voice, Chat: s.chat, Ledger: s.ledger, Lifecycle: s.lifecycle, Publisher: s.published, Log: quietLog(), Meter: s.meter,
	}
	if s.spare != nil {
		deps.Spare = s.spare
	}
	calls, err := NewInterviews(sys, cfg, deps)
	if err != nil {
		s.t.Fatal(err)
	}
	s.sys, s.calls = sys, calls
}

func (s *scene) close() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.calls.Close(ctx); err != nil {
		s.t.Errorf("close interviews: %v", err)
	}
	if err := s.sys.Shutdown(ctx); err != nil {
		s.t.Errorf("shut down: %v", err)
	}
	s.replays()
}

// replays lets every story prove as well that what it stored can be derived again.
func (s *scene) replays() {
	s.t.Helper()
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	for id, events := range s.ledger.events {
		report, err := Replay(events)
		if errors.Is(err, ErrNotReplayable) && !slices.ContainsFunc(events, func(e interview.Event) bool { return e.Kind == interview.KindConnected }) {
			continue // nothing was said
		}
		if err != nil {
			s.t.Errorf("replay of %s: %v", id, err)
		}
		for _, p := range record.Verify(recordOf(id, events), nil).Problems {
			s.t.Errorf("record of %s: %s", id, p)
		}
		if d := report.Difference; d != nil {
			s.t.Errorf("replay of %s: fence %d, event %d: %s\nstored:  %s\nderived: %s", id, d.Fence, d.Seq, d.What, describe(d.Stored), describe(d.Derived))
		}
	}
}

// recordOf is the record a ledger would have of the events.
func recordOf(id interview.ID, events []interview.Event) record.Record {
	r := record.Record{Interview: id, Events: events}
	for _, e := range events {
		if e.Kind == interview.KindQuarantined {
			r.Quarantined = append(r.Quarantined, record.Quarantined{Seq: e.Seq, Fence: e.Fence, Kind: kindOf(e)})
		}
		if l, is, err := record.LineOf(e); err == nil && is {
			l.Source = "voice"
			r.Lines = append(r.Lines, l)
		}
	}
	return r
}

func describe(d *Decision) string {
	if d == nil {
		return "nothing"
	}
	return d.Describe(true)
}

func (s *scene) info() Info {
	return Info{ID: s.id, JobRole: "Software Engineer", TimeLimit: s.limit, Plan: plan.Default("Software Engineer", 30*time.Minute)}
}

// connect brings a client of the candidate in.
func (s *scene) connect(typing bool) *device {
	s.t.Helper()
	d := newDevice(true)
	conn, err := s.calls.Connect(s.t.Context(), s.info(), d, typing)
	if err != nil {
		s.t.Fatalf("connect: %v", err)
	}
	d.mu.Lock()
	d.conn = conn
	d.mu.Unlock()
	s.device, s.conn = d, conn
	conn.OnMessage(voiceproto.Hello{Acks: true, Gain: true, Typing: typing})
	synctest.Wait()
	return d
}

// disconnect cuts the connection.
func (s *scene) disconnect() {
	s.conn.OnClosed(voiceproto.CloseAbnormal, errFake)
	synctest.Wait()
}

// wait lets virtual time pass while the microphone is quiet and the client
// acknowledges what it plays.
func (s *scene) wait(d time.Duration) { s.mic(d, 0) }

// speak talks for a while; text is what recognition makes of it, shown as a
// partial in the middle.
func (s *scene) speak(text string, d time.Duration) {
	s.mic(d/2, 0.3)
	if text != "" {
		s.ear.last(s.t).hears(text)
	}
	s.mic(d-d/2, 0.3)
}

// mic sends frames of a 200 Hz buzz at the given level, one per 20 ms.
func (s *scene) mic(d time.Duration, level float64) {
	pcm := make([]byte, 2*media.MicFrame)
	for n := time.Duration(0); n < d; n += media.FrameDur {
		for i := range media.MicFrame {
			v := int16(level * 32767 * math.Sin(2*math.Pi*200*float64(i)/media.MicRate))
			pcm[2*i], pcm[2*i+1] = byte(v), byte(uint16(v)>>8)
		}
		time.Sleep(media.FrameDur)
		s.conn.OnAudio(pcm)
		s.ack()
	}
	synctest.Wait()
}

// ack reports the played position every 100 ms, like a browser.
func (s *scene) ack() {
	d := s.device
	d.mu.Lock()
	reply, due := d.reply, d.reply > d.revoked && time.Now().UnixMilli()%100 < 20
	var ms int64
	if due {
		ms = playTime(d.playedSamples()).Milliseconds()
	}
	d.mu.Unlock()
	if due && reply != 0 {
		s.conn.OnMessage(voiceproto.Played{Reply: reply, MS: ms})
	}
}

// untilQuiet waits until a further reply was spoken or cut.
func (s *scene) untilQuiet() {
	s.t.Helper()
	for range 300 {
		s.wait(100 * time.Millisecond)
		n := 0
		for _, k := range s.ledger.kinds(s.id) {
			if k == interview.KindReplyEnded {
				n++
			}
		}
		if n > s.closed {
			s.closed = n
			return
		}
	}
	s.t.Fatalf("the interviewer is never quiet; messages: %v", s.device.types())
}

func (d *device) types() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var names []string
	for _, m := range d.sent {
		names = append(names, voiceproto.ServerType(m))
	}
	return names
}

func (s *scene) wantLines(want ...string) {
	s.t.Helper()
	if got := s.ledger.lines(s.t, s.id); !slices.Equal(got, want) {
		s.t.Errorf("transcript is\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
