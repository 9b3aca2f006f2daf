package deepgram

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/dial"
	"github.com/vantahire/vantahire/providers/simulated"
	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
)

// TestSpeakWhatGoesWrongInPractice goes through the list of what integrators
// report.
func TestSpeakWhatGoesWrongInPractice(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(t *testing.T){
		"stale audio after an interruption": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{SlowestPace: 3, FastestPace: 5}, SpeakConfig{ClearWithin: 10 * time.Second, MaxSockets: 1})
			for i := range 5 {
				s := l.open(t, providers.VoiceOptions{})
				_ = s.Say(t.Context(), "This reply is long enough to be cut off in its middle, certainly.")
				if _, err := s.Recv(t.Context()); err != nil {
					t.Fatal(err)
				}
				_ = s.Close()
				next := fmt.Sprintf("Reply %d.", i)
				l.say(t, next).is(t, next)
			}
			if st := l.Stats(); st.Cut != 5 || st.Dialled != 1 || l.service.Journal.Count("clear") != 5 {
				t.Errorf("%+v", st)
			}
		},
		"a missing final flush": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{Flushes: 2})
			text := []string{"One is flushed.", "Two is not.", "Three is at the end"}
			r := l.say(t, text...)
			r.is(t, "One is flushed.", "Two is not.", "Three is at the end.")
			if n := l.service.Journal.Count("flush"); n != 2 {
				t.Errorf("%d flushes", n)
			}
		},
		"no more flushes than the limit, and every reply still ends": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{MaxSockets: 1})
			for i := range 9 {
				text := []string{fmt.Sprintf("This is the first of %d.", i), "It is followed by another one.", "And here it ends."}
				if r := l.say(t, text...); r.err != nil || len(r.ends) != 3 {
					t.Fatalf("reply %d: %v, ends %v", i, r.err, r.ends)
				}
			}
			if st := l.Stats(); st.Warnings != 0 || l.service.Journal.Count("flush") > 19 {
				t.Errorf("%+v", st)
			}
		},
		"letters that are spelt and very short replies": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			l.say(t, "C-L-I-N-I-C").is(t, "C, L, I, N, I, C.")
			l.say(t, "Hm").is(t, "Hm.")
			l.say(t, "OK.", "…", "A.").pauses(t)
		},
		"sockets that linger without a close count against the limit": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{MaxSockets: 2}, SpeakConfig{MaxSockets: 2})
			a, b := l.open(t, providers.VoiceOptions{}), l.open(t, providers.VoiceOptions{})
			_, _ = a.Close(), b.Close()
			if err := l.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			speakUntil(t, "the places", func() bool { return l.service.Open() == 0 })
			if l.service.Journal.Count("close") != 2 {
				t.Errorf("%v", l.service.Journal.Entries())
			}
			for _, e := range l.service.Journal.Entries("end") {
				if e.Detail != "1000" {
					t.Errorf("a socket ended with %s", e.Detail)
				}
			}
		},
		"the limit of characters is not reached: another socket goes on": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{Characters: 120}, SpeakConfig{Characters: 100})
			var text []string
			for i := range 6 {
				text = append(text, fmt.Sprintf("Sentence %d has some forty characters.", i))
			}
			l.say(t, text...).is(t, text...)
			if st := l.Stats(); st.Rotated == 0 || st.Lost != 0 {
				t.Errorf("%+v", st)
			}
		},
		"the limit of characters is reached: what was not said is said elsewhere": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{Characters: 60}, SpeakConfig{})
			text := []string{"The first has so many characters.", "The second has too many for it."}
			s := l.open(t, providers.VoiceOptions{})
			_ = s.Say(t.Context(), text[0])
			var r spokenReply
			r.hear(t, s, 1) // or the limit would cost the rest of its sound
			_ = s.Say(t.Context(), text[1])
			_ = s.Finish()
			r.hear(t, s, -1)
			r.is(t, text...)
			if st := l.Stats(); st.Redialled != 1 || st.Lost != 1 {
				t.Errorf("%+v", st)
			}
		},
		"markup, pictures and tags are not read out": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			l.say(t, "**Great** work 🎉<break time=\"1s\"/>, `really`!").is(t, "Great work, really!")
		},
		"a frame with an odd number of bytes": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			long := strings.TrimSpace(strings.Repeat("And so it went on, ", 12)) + " ended."
			l.say(t, long).is(t, long)
			var all []int16
			carry := -1
			raw := make([]byte, 0, 200)
			for i := range 100 {
				raw = binary.LittleEndian.AppendUint16(raw, uint16(i*301))
			}
			for n := 1; len(raw) > 0; n += 2 {
				k := min(n, len(raw))
				all, carry = speakSamples(all, carry, raw[:k])
				raw = raw[k:]
			}
			for i, v := range all {
				if v != int16(uint16(i*301)) {
					t.Fatalf("sample %d is %d", i, v)
				}
			}
			if len(all) != 100 || carry != -1 {
				t.Errorf("%d samples, carry %d", len(all), carry)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}

// pauses checks that a sentence without anything to say ends too.
func (r spokenReply) pauses(t *testing.T) {
	t.Helper()
	if r.err != nil || len(r.ends) != 3 || r.ends[0] != r.ends[1] {
		t.Errorf("%v, %v", r.ends, r.err)
	}
}

func TestSpeakAReplyThatBreaksOffSaysWhy(t *testing.T) {
	t.Parallel()
	after := 300 * time.Millisecond
	for name, c := range map[string]struct {
		fault deepgramtts.SpeechFault
		retry bool
		code  int
	}{
		"the connection drops":     {deepgramtts.SpeechFault{Drop: true, After: after}, true, 1006},
		"internal fault":           {deepgramtts.SpeechFault{CloseCode: 1011, Reason: "NET-0000", After: after}, true, 1011},
		"too many characters":      {deepgramtts.SpeechFault{CloseCode: 1008, Reason: "DATA-0001", After: after}, true, 1008},
		"a command it can't read":  {deepgramtts.SpeechFault{CloseCode: 1008, Reason: "DATA-0000", After: after}, false, 1008},
		"a text it can't take":     {deepgramtts.SpeechFault{CloseCode: 1009, Reason: "BIG-0001", After: after}, false, 1009},
		"a frame it can't take":    {deepgramtts.SpeechFault{CloseCode: 1003, Reason: "MESSAGE-0000", After: after}, false, 1003},
		"closed as if it was well": {deepgramtts.SpeechFault{CloseCode: 1000, After: after}, true, 1000},
		"a stall":                  {deepgramtts.SpeechFault{Stall: true, After: after}, true, 0},
		"no sound at all":          {deepgramtts.SpeechFault{Mute: true}, true, 0},
		"an error":                 {deepgramtts.SpeechFault{Error: true}, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{StallAfter: 1500 * time.Millisecond})
			l.service.Speaking.Always(c.fault)
			r := l.say(t, "This sentence will not be spoken to its end today.")
			var failed *providers.Error
			if !errors.As(r.err, &failed) || failed.Retry != c.retry || failed.Stage != providers.StageTTS || failed.Provider != "deepgram" {
				t.Fatalf("%v", r.err)
			}
			var closed *SpeakCloseError
			if errors.As(r.err, &closed) && closed.Code != c.code || closed == nil && c.code > 0 && c.code != 1006 {
				t.Errorf("%v", r.err)
			}
			if c.fault.After > 0 && len(r.pcm) != int(after.Seconds()*speakRate) {
				t.Errorf("%d samples came through", len(r.pcm))
			}
			l.service.Speaking.Always(deepgramtts.SpeechFault{})
			l.say(t, "Well again.").is(t, "Well again.")
		})
	}
}

func TestSpeakRefusalsAreTold(t *testing.T) {
	t.Parallel()
	for status, retry := range map[int]bool{400: false, 401: false, 402: false, 403: false, 429: true, 500: true, 503: true} {
		l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{Key: "very-sekret"})
		l.service.Connecting.Always(deepgramtts.ConnectFault{Status: status})
		_, err := l.Open(t.Context(), providers.VoiceOptions{})
		var failed *providers.Error
		var refusal *dial.Refusal
		if !errors.As(err, &failed) || !errors.As(err, &refusal) || refusal.Status != status || failed.Retry != retry || refusal.RequestID == "" {
			t.Errorf("%d: %v", status, err)
		}
		if errors.Is(err, providers.ErrBusy) != (status == 429) || strings.Contains(err.Error(), "sekret") {
			t.Errorf("%d: %v", status, err)
		}
		if err := l.Probe(t.Context()); err == nil {
			t.Errorf("%d: it probes well", status)
		}
	}
}

func TestSpeakOutsideOfTheHappyPath(t *testing.T) {
	t.Parallel()
	for name, run := range map[string]func(t *testing.T){
		"no key": func(t *testing.T) {
			s := NewSynthesizer(SpeakConfig{})
			if _, err := s.Open(t.Context(), providers.VoiceOptions{}); !errors.Is(err, providers.ErrUnavailable) {
				t.Error(err)
			}
			if err := s.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := s.Open(t.Context(), providers.VoiceOptions{}); !errors.Is(err, errSpeakShut) {
				t.Error(err)
			}
		},
		"a voice, a language and a rate": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{MaxIdle: 9})
			for _, c := range []struct {
				o    providers.VoiceOptions
				want string
			}{
				{providers.VoiceOptions{}, "aura-2-thalia-en linear16 24000 speed 1"},
				{providers.VoiceOptions{Language: "de-DE", Rate: 1}, "aura-2-fabian-de linear16 24000 speed 1"},
				{providers.VoiceOptions{Voice: "aura-2-luna-en", Rate: 1.13}, "aura-2-luna-en linear16 24000 speed 1.15"},
				{providers.VoiceOptions{Rate: 9}, "aura-2-thalia-en linear16 24000 speed 1.5"},
			} {
				_ = l.open(t, c.o).Close()
				if all := l.service.Journal.Entries("connect"); all[len(all)-1].Detail != c.want {
					t.Errorf("%+v: %s", c.o, all[len(all)-1].Detail)
				}
			}
			for _, o := range []providers.VoiceOptions{{Voice: "slt"}, {Language: "xx"}} {
				if _, err := l.Open(t.Context(), o); err == nil || errors.Is(err, providers.ErrUnavailable) {
					t.Errorf("%+v: %v", o, err)
				}
			}
		},
		"never more sockets than allowed": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{MaxSockets: 2})
			_ = l.open(t, providers.VoiceOptions{Language: "fr"}).Close()
			_ = l.open(t, providers.VoiceOptions{}) // beside the warm one of another voice
			_ = l.open(t, providers.VoiceOptions{}) // instead of it
			if _, err := l.Open(t.Context(), providers.VoiceOptions{}); !errors.Is(err, providers.ErrBusy) {
				t.Error(err)
			}
			if st := l.Stats(); st.Sockets != 2 || st.Busy != 1 {
				t.Errorf("%+v", st)
			}
		},
		"a warm socket that died is replaced unheard": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			l.say(t, "Before.").is(t, "Before.")
			l.service.Drop()
			l.say(t, "After the loss.").is(t, "After the loss.")
		},
		"unused and old sockets are let go": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{PingEvery: 20 * time.Millisecond, IdleFor: 50 * time.Millisecond})
			l.say(t, "Once.").is(t, "Once.")
			speakUntil(t, "the end of it", func() bool { return l.Stats().Sockets == 0 && l.service.Open() == 0 })
			if st := l.Stats(); st.Lost != 0 || l.service.Journal.Count("close") != 1 {
				t.Errorf("%+v", st)
			}
		},
		"pings keep an unused socket": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{Idle: 2 * time.Second}, SpeakConfig{PingEvery: 20 * time.Millisecond})
			if err := l.Warm(t.Context(), providers.VoiceOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := l.Warm(t.Context(), providers.VoiceOptions{}); err != nil || l.Stats().Dialled != 1 {
				t.Errorf("%v, %+v", err, l.Stats())
			}
			l.say(t, "At once.").is(t, "At once.")
			if st := l.Stats(); st.Dialled != 1 || st.Lost != 0 {
				t.Errorf("%+v", st)
			}
		},
		"a probe leaves a warm socket and costs nothing": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			if err := l.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			speakUntil(t, "the socket", func() bool { return l.Stats().Idle == 1 })
			if l.service.Journal.Billed("speak") != 0 {
				t.Error("it costs")
			}
		},
		"a flush that is refused or lost": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{Flushes: 1}, SpeakConfig{FlushWithin: 400 * time.Millisecond})
			r := l.say(t, "The first of them is flushed.", "The second one is refused.")
			if r.err != nil || len(r.ends) != 2 || l.Stats().Refusals != 1 || l.Stats().Unmarked != 1 {
				t.Errorf("%v %v %+v", r.ends, r.err, l.Stats())
			}
			lost := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{FlushWithin: 400 * time.Millisecond})
			lost.service.Speaking.Next(deepgramtts.SpeechFault{IgnoreFlush: true})
			lost.say(t, "Nobody says where this ends.").is(t, "Nobody says where this ends.")
			lost.say(t, "And the next is well.").is(t, "And the next is well.")
		},
		"garbage between the sound": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			l.service.Speaking.Always(deepgramtts.SpeechFault{Garbage: true})
			text := "It is said all the same, from its beginning to its end."
			l.say(t, text).is(t, text)
			if l.Stats().Malformed == 0 {
				t.Error("none is counted")
			}
		},
		"a very long sentence in messages of 2000 characters": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{SlowestPace: 500, FastestPace: 900}, SpeakConfig{Lead: time.Hour})
			text := strings.TrimSpace(strings.Repeat("word ", 450)) + "."
			r := l.say(t, text)
			if r.err != nil || len(r.ends) != 1 || l.service.Journal.Count("speak") != 2 {
				t.Errorf("%v, %v, %d messages", r.err, r.ends, l.service.Journal.Count("speak"))
			}
		},
		"a listener who is slow is not run away from": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{Lead: 10 * time.Millisecond})
			s := l.open(t, providers.VoiceOptions{})
			for i := range 10 {
				_ = s.Say(t.Context(), fmt.Sprintf("Sentence number %d.", i))
			}
			_ = s.Finish()
			if _, err := s.Recv(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := l.service.Journal.Count("speak"); n > 2 {
				t.Errorf("%d sentences were sent", n)
			}
			if r := speakHear(t, s); r.err != nil || len(r.ends) != 10 {
				t.Errorf("%v, %v", r.err, r.ends)
			}
		},
		"after its end": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			s := l.open(t, providers.VoiceOptions{})
			_ = s.Finish()
			if err := s.Say(t.Context(), "Late."); !errors.Is(err, errSpeakFinished) {
				t.Error(err)
			}
			if r := speakHear(t, s); r.err != nil || len(r.pcm) != 0 {
				t.Error(r.err)
			}
			_, _ = s.Close(), s.Close()
			if err := s.Say(t.Context(), "Later."); !errors.Is(err, errSpeakClosed) {
				t.Error(err)
			}
		},
		"a service that says nothing to a handshake": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
			l.service.Connecting.Always(deepgramtts.ConnectFault{Hang: true})
			ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, providers.ErrNoProgress)
			defer cancel()
			if _, err := l.Open(ctx, providers.VoiceOptions{}); !errors.Is(err, providers.ErrNoProgress) {
				t.Error(err)
			}
		},
		"closing while replies are spoken": func(t *testing.T) {
			l := newSpeakLab(t, deepgramtts.Config{FirstByte: simulated.Delay{P50: time.Hour}}, SpeakConfig{CloseWithin: 200 * time.Millisecond})
			s := l.open(t, providers.VoiceOptions{})
			_ = s.Say(t.Context(), "Never.")
			speakUntil(t, "the text", func() bool { return l.service.Journal.Count("speak") == 1 })
			if err := l.Close(t.Context()); err != nil {
				t.Error(err)
			}
			if r := speakHear(t, s); !errors.Is(r.err, errSpeakShut) {
				t.Error(r.err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t)
		})
	}
}
