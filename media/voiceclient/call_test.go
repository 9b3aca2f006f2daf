package voiceclient

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/media/wsaudio"
)

// far is one end of a pipe whose bytes arrive after a delay, in order. Writing
// never blocks.
type far struct {
	net.Conn
	delay time.Duration
	late  chan parcel
	done  chan struct{}
}

type parcel struct {
	raw []byte
	due time.Time
}

func newFar(nc net.Conn, delay time.Duration) *far {
	f := &far{Conn: nc, delay: delay, late: make(chan parcel, 10_000), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		for p := range f.late {
			time.Sleep(time.Until(p.due))
			if _, err := f.Conn.Write(p.raw); err != nil {
				break
			}
		}
		_ = f.Close()
		for range f.late { // nobody reads any more
		}
	}()
	return f
}

// end stops the courier once nobody writes any more.
func (f *far) end() {
	close(f.late)
	<-f.done
}

func (f *far) Write(raw []byte) (int, error) {
	f.late <- parcel{raw: append([]byte(nil), raw...), due: time.Now().Add(f.delay)}
	return len(raw), nil
}

// stage is a whole voice path on virtual time: playout, pacer, connection,
// network, client.
type stage struct {
	playout *media.Playout
	pacer   *media.Pacer
	conn    *wsaudio.Conn
	desk    *desk
	client  *Client
	diary   diary
}

// onStage runs play inside a bubble with a call over a network of the given
// delay in each direction.
func onStage(t *testing.T, delay time.Duration, acks bool, play func(t *testing.T, s *stage)) {
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		server, client := newFar(here, delay), newFar(there, delay)
		s := &stage{playout: media.NewPlayout(10 * time.Second), desk: newDesk()}
		s.pacer = media.NewPacer(s.playout, media.PacerEvents{
			Drained: func(reply interview.ReplyNo, _ int64) { s.conn.EndReply(reply) },
		}, media.PacerConfig{})
		ctx, cancel := context.WithCancel(context.Background())
		var tasks sync.WaitGroup
		up := make(chan struct{})
		tasks.Go(func() {
			r, err := http.ReadRequest(bufio.NewReader(server))
			if err != nil {
				t.Error(err)
				return
			}
			ws, err := wsaudio.NewUpgrader(nil).Upgrade(&hijack{conn: server}, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			s.conn = wsaudio.New(ws, wsaudio.Config{})
			close(up)
			_ = s.conn.Run(ctx, s.desk) // OnClosed tells
		})
		o := NewOptions("ws://pipe", "")
		o.Acks = acks
		o.OnEvent = s.diary.note
		o.NetDial = func(context.Context, string, string) (net.Conn, error) { return client, nil }
		c, err := Dial(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		s.client = c
		defer func() {
			c.Close(voiceproto.CloseCompleted)
			cancel()
			tasks.Wait()
			server.end()
			client.end()
		}()
		<-up
		time.Sleep(2 * delay)
		synctest.Wait()
		s.pacer.Attach(s.conn)
		tasks.Go(func() { _ = s.pacer.Run(ctx) }) // ends with ctx
		play(t, s)
	})
}

// ramp16 is n ms of samples that count up, so that a lost one shows.
func ramp16(ms int) []int16 {
	pcm := make([]int16, ms*samplesPerMS)
	for i := range pcm {
		pcm[i] = int16(i)
	}
	return pcm
}

// speak hands a whole reply to the playout.
func (s *stage) speak(t *testing.T, reply interview.ReplyNo, pcm []int16) {
	t.Helper()
	s.playout.Begin(reply)
	if err := s.playout.Write(t.Context(), reply, pcm); err != nil {
		t.Fatal(err)
	}
	s.playout.Finish(reply)
}

func TestSpeechIsPlayedWithoutAGap(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		delay time.Duration
		acks  bool
	}{
		"next door":                     {0, true},
		"next door without acks":        {0, false},
		"across a country":              {25 * time.Millisecond, true},
		"across an ocean":               {75 * time.Millisecond, true},
		"around the world":              {150 * time.Millisecond, true},
		"around the world without acks": {150 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onStage(t, tc.delay, tc.acks, func(t *testing.T, s *stage) {
				const length = 8000 // ms
				s.speak(t, 1, ramp16(length))
				time.Sleep(length*time.Millisecond + time.Second)
				synctest.Wait()
				r, ok := s.client.Heard().Reply(1)
				if !ok || r.Played != ms(length) || len(r.Gaps) != 0 || len(r.Spans) != 1 {
					t.Fatalf("played %d ms in %d spans with gaps %v", r.Played/samplesPerMS, len(r.Spans), r.Gaps)
				}
				if !slices.Equal(r.PCM, ramp16(length)) {
					t.Errorf("the sound differs")
				}
				if tc.acks {
					if got, known := s.conn.Played(1); !known || got != length {
						t.Errorf("the server knows of %d ms", got)
					}
				}
				wants := []EventKind{EventFirstAudio, EventLastAudio, EventPlayedOut}
				if diff := cmp.Diff(wants, s.diary.kinds()); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Barge-in: what the client holds is dropped at once, the server learns to the
// millisecond what was heard, and the next reply is not held up.
func TestABargeInIsHeardAtOnce(t *testing.T) {
	t.Parallel()
	onStage(t, 20*time.Millisecond, true, func(t *testing.T, s *stage) {
		s.speak(t, 1, ramp16(5000))
		time.Sleep(1000 * time.Millisecond)
		s.pacer.Cancel(1)
		s.conn.Flush(1)
		cut := time.Now()
		s.speak(t, 2, ramp16(200))
		time.Sleep(100 * time.Millisecond)
		synctest.Wait()
		got, known := s.conn.Played(1)
		time.Sleep(time.Second)
		synctest.Wait()
		rec := s.client.Heard()
		r, _ := rec.Reply(1)
		if took := r.Flushed.Sub(cut); took != 20*time.Millisecond {
			t.Errorf("silent %s after the cut, want the network's 20ms", took)
		}
		if !known || got != r.Position/samplesPerMS || r.AfterFlush != 0 || r.LastPacket.After(r.Flushed) {
			t.Errorf("the server knows of %d ms (%t); the client: %+v", got, known, r.Position/samplesPerMS)
		}
		next, _ := rec.Reply(2)
		if next.Played != ms(200) || len(next.Gaps) != 0 || next.FirstPacket.Sub(cut) != 20*time.Millisecond {
			t.Errorf("the next reply: first packet after %s, %d samples, gaps %v", next.FirstPacket.Sub(cut), next.Played, next.Gaps)
		}
	})
}

// A cough: ducked, held, released. Nothing is lost, and it goes on where it
// stopped.
func TestAFalseInterruptionLosesNothing(t *testing.T) {
	t.Parallel()
	onStage(t, 20*time.Millisecond, true, func(t *testing.T, s *stage) {
		s.speak(t, 1, ramp16(3000))
		time.Sleep(1000 * time.Millisecond)
		s.conn.Send(voiceproto.Hold{Reply: 1})
		s.pacer.Hold(1)
		time.Sleep(400 * time.Millisecond)
		s.conn.Send(voiceproto.Release{Reply: 1})
		s.pacer.Release(1)
		time.Sleep(4 * time.Second)
		synctest.Wait()
		r, _ := s.client.Heard().Reply(1)
		if !slices.Equal(r.PCM, ramp16(3000)) {
			t.Errorf("the sound differs")
		}
		if len(r.Holds) != 1 || r.Holds[0].To.Sub(r.Holds[0].From) != 400*time.Millisecond || len(r.Gaps) != 0 {
			t.Errorf("holds %v, gaps %v", r.Holds, r.Gaps)
		}
	})
}

func TestTheMicrophoneNeverStops(t *testing.T) {
	t.Parallel()
	onStage(t, 0, true, func(t *testing.T, s *stage) {
		s.client.StartMic()
		s.client.StartMic()
		time.Sleep(999 * time.Millisecond) // 50 frames of silence
		began := time.Now()
		pcm := make([]int16, 500) // a frame and a part of one
		for i := range pcm {
			pcm[i] = int16(i + 1)
		}
		if err := s.client.Speak(t.Context(), pcm); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 21*time.Millisecond {
			t.Errorf("speaking took %s, want the two frames' 1 and 21 ms", took)
		}
		time.Sleep(200 * time.Millisecond) // 10 more
		synctest.Wait()
		s.desk.mu.Lock()
		audio := append([]byte(nil), s.desk.audio...)
		s.desk.mu.Unlock()
		want := make([]int16, 62*media.MicFrame)
		copy(want[50*media.MicFrame:], pcm)
		got := make([]int16, len(audio)/2)
		for i := range got {
			got[i] = int16(binary.LittleEndian.Uint16(audio[2*i:]))
		}
		if !slices.Equal(got, want) {
			t.Errorf("the server heard %d samples, want %d", len(got), len(want))
		}
		if diff := cmp.Diff([]EventKind{EventSpeakBegan, EventSpeakEnded}, s.diary.kinds()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestAnUtteranceCanBeBrokenOff(t *testing.T) {
	t.Parallel()
	onStage(t, 0, true, func(t *testing.T, s *stage) {
		loud := make([]int16, 5*media.MicRate)
		for i := range loud {
			loud[i] = 1
		}
		thought := errors.New("thought better of it")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, thought)
		defer cancel()
		waiting := make(chan error, 1)
		go func() {
			time.Sleep(100 * time.Millisecond)
			waiting <- s.client.Speak(ctx, loud) // waits its turn in vain
		}()
		if err := s.client.Speak(ctx, loud); !errors.Is(err, thought) {
			t.Errorf("speaking: %v", err)
		}
		if err := <-waiting; !errors.Is(err, thought) {
			t.Errorf("the second: %v", err)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		s.desk.mu.Lock()
		defer s.desk.mu.Unlock()
		said := 0
		for i := 0; i < len(s.desk.audio); i += 2 {
			said += int(s.desk.audio[i])
		}
		if said < 49*media.MicFrame || said > 51*media.MicFrame {
			t.Errorf("said %d samples of it, want a second's", said)
		}
		if got := len(s.desk.audio) / 2 / media.MicFrame; got < 99 {
			t.Errorf("%d frames came in two seconds: the microphone stopped", got)
		}
	})
}

func TestASilentServerIsDead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		here, there := net.Pipe()
		go func() {
			r, err := http.ReadRequest(bufio.NewReader(here))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := wsaudio.NewUpgrader(nil).Upgrade(&hijack{conn: here}, r, nil); err != nil {
				t.Error(err)
			}
		}()
		o := NewOptions("ws://pipe", "")
		o.Acks = false
		o.NetDial = func(context.Context, string, string) (net.Conn, error) { return there, nil }
		c, err := Dial(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-c.Done()
		if took := time.Since(began); took != silentAfter || c.Closed().Err == nil {
			t.Errorf("given up after %s with %v", took, c.Closed().Err)
		}
		_ = here.Close()
	})
}
