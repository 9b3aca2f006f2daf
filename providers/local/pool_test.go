package local

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

// retriable says whether err is this provider's and worth another try.
func retriable(err error) bool {
	var p *providers.Error
	return errors.As(err, &p) && p.Provider == Name && p.Retry
}

func TestAWorkerIsStartedOnlyWhenItIsNeeded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLauncher{script: obedient}
		s := fakeSpeech(t, l, SpeechConfig{Workers: 2})
		synctest.Wait()
		if n := l.started.Load(); n != 0 {
			t.Fatalf("%d workers run before the first stream", n)
		}
		var streams []providers.TranscribeStream
		for want := 1; want <= 3; want++ {
			st, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			streams = append(streams, st)
			if n := int(l.started.Load()); n != min(want, 2) {
				t.Errorf("%d workers for %d streams, want %d", n, want, min(want, 2))
			}
		}
		for _, st := range streams {
			_ = st.Close()
		}
		synctest.Wait()
		for i, sl := range s.slots {
			if sl.load != 0 {
				t.Errorf("worker %d still counts %d streams", i, sl.load)
			}
		}
	})
}

func TestMoreCallsThanAdmittedAreTurnedAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fakeSpeech(t, &fakeLauncher{script: obedient}, SpeechConfig{MaxCalls: 1})
		ear, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{}); !errors.Is(err, providers.ErrBusy) || !retriable(err) {
			t.Errorf("second ear: %v, want busy and retriable", err)
		}
		voice, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatalf("voices are admitted apart from ears: %v", err)
		}
		if _, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{}); !errors.Is(err, providers.ErrBusy) {
			t.Errorf("second voice: %v, want busy", err)
		}
		_ = ear.Close()
		_ = ear.Close() // idempotent: it must not give its place back twice
		_ = voice.Close()
		again, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatalf("after the first was closed: %v", err)
		}
		if _, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{}); !errors.Is(err, providers.ErrBusy) {
			t.Errorf("place given back twice: %v, want busy", err)
		}
		_ = again.Close()
	})
}

func TestStreamsOfADeadWorkerFailAndANewOneComes(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *fakeWorker){
		"it crashes":                        func(w *fakeWorker) { w.die() },
		"it prints text among its frames":   func(w *fakeWorker) { _, _ = w.out.Write([]byte("ERROR: no memory for lattice\n")) },
		"it says hello twice":               func(w *fakeWorker) { w.hello() },
		"it speaks of an unknown stream":    func(w *fakeWorker) { w.send(wire.KindTook, 77, wire.Took(1)) },
		"it ends the stream unasked":        func(w *fakeWorker) { w.send(wire.KindStopped, 1, nil) },
		"it takes more sound than there is": func(w *fakeWorker) { w.send(wire.KindTook, 1, wire.Took(wire.HearWindow)) },
		"it sends a final nobody asked for": func(w *fakeWorker) { w.send(wire.KindResult, 1, wire.Result{Final: true, Answers: true}) },
		"it sends words that run backwards": func(w *fakeWorker) {
			w.send(wire.KindResult, 1, wire.Result{Words: []wire.Word{{From: 9, To: 1}}})
		},
		"it speaks to an ear":     func(w *fakeWorker) { w.send(wire.KindSound, 1, wire.PCM(make([]int16, 10))) },
		"its credit is malformed": func(w *fakeWorker) { w.send(wire.KindTook, 1, []byte{1}) },
		"its JSON is malformed":   func(w *fakeWorker) { w.send(wire.KindResult, 1, []byte("{{{")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &fakeLauncher{}
				l.script = func(w *fakeWorker) {
					w.hello()
					mad := l.started.Load() == 1
					w.obey(func(f wire.Frame) bool {
						if mad && f.Kind == wire.KindAudio {
							end(w)
							return true
						}
						return false
					})
				}
				s := fakeSpeech(t, l, SpeechConfig{})
				st, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				if err := st.Write(t.Context(), voiced(320)); err != nil {
					t.Fatal(err)
				}
				if _, err := st.Recv(t.Context()); !retriable(err) {
					t.Errorf("Recv: %v, want a retriable error of the provider", err)
				}
				if err := st.Write(t.Context(), voiced(320)); err == nil {
					t.Error("Write goes on after the worker's death")
				}
				if err := st.Finalize(t.Context()); err == nil {
					t.Error("Finalize goes on after the worker's death")
				}
				if err := st.Close(); err != nil {
					t.Error(err)
				}
				if heard, err := s.Hear(t.Context(), voiced(3200)); err != nil || heard.Text == "" {
					t.Errorf("heard %q, err %v; want the next worker to hear", heard.Text, err)
				}
			})
		})
	}
}

func TestAVoiceThatBreaksTheProtocolIsReplaced(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w *fakeWorker, id uint32){
		"sound before it was asked to speak": func(w *fakeWorker, id uint32) {
			w.send(wire.KindSpoken, id, wire.Spoken{Index: 0})
			w.send(wire.KindSound, id, wire.PCM(make([]int16, 10)))
		},
		"words of another sentence":     func(w *fakeWorker, id uint32) { w.send(wire.KindWords, id, wire.Words{Index: 5}) },
		"fewer words than the sentence": func(w *fakeWorker, id uint32) { w.send(wire.KindWords, id, wire.Words{Index: 0}) },
		"more words than the sentence":  func(w *fakeWorker, id uint32) { w.send(wire.KindWords, id, wire.Words{Spans: make([]wire.Span, 9)}) },
		"the end of another sentence":   func(w *fakeWorker, id uint32) { w.send(wire.KindSpoken, id, wire.Spoken{Index: 3}) },
		"half a sample":                 func(w *fakeWorker, id uint32) { w.send(wire.KindSound, id, []byte{1}) },
		"a transcript instead of sound": func(w *fakeWorker, id uint32) { w.send(wire.KindResult, id, wire.Result{}) },
		"more sound than anyone can say": func(w *fakeWorker, id uint32) {
			for range maxUnplayed/wire.MaxSamples + 3 {
				w.send(wire.KindSound, id, wire.PCM(make([]int16, wire.MaxSamples)))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &fakeLauncher{}
				l.script = func(w *fakeWorker) {
					w.hello()
					w.obey(func(f wire.Frame) bool {
						if f.Kind == wire.KindSay {
							answer(w, f.Stream)
						}
						return f.Kind == wire.KindSay
					})
				}
				s := fakeSpeech(t, l, SpeechConfig{})
				st, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{})
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = st.Close() }()
				if err := st.Say(t.Context(), "two words"); err != nil {
					t.Fatal(err)
				}
				for err == nil {
					synctest.Wait() // let it send whatever it wants to before the first is taken
					_, err = st.Recv(t.Context())
				}
				if !errors.Is(err, errMisbehaved) || !retriable(err) {
					t.Errorf("Recv: %v, want a retriable broken protocol", err)
				}
			})
		})
	}
}

func TestAWorkerThatDoesNotStartIsAReadableError(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		launcher *fakeLauncher
		want     error
	}{
		"the program is not there": {&fakeLauncher{fail: io.ErrClosedPipe}, io.ErrClosedPipe},
		"it ends at once":          {&fakeLauncher{script: func(*fakeWorker) {}}, errDied},
		"it says nothing": {&fakeLauncher{script: func(w *fakeWorker) {
			_, _ = io.Copy(io.Discard, w.in)
		}}, errHung},
		"it is another program": {&fakeLauncher{script: func(w *fakeWorker) {
			_, _ = w.out.Write([]byte("Usage: vantahire [serve|call]\n"))
		}}, errMisbehaved},
		"it is another version": {&fakeLauncher{script: func(w *fakeWorker) {
			w.send(wire.KindHello, 0, wire.Hello{Protocol: 99})
		}}, errMisbehaved},
		"it starts in the middle": {&fakeLauncher{script: func(w *fakeWorker) {
			w.send(wire.KindStopped, 1, nil)
		}}, errMisbehaved},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := fakeSpeech(t, tc.launcher, SpeechConfig{})
				_, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
				if !errors.Is(err, tc.want) || !retriable(err) {
					t.Errorf("Open: %v, want %v, retriable", err, tc.want)
				}
			})
		})
	}
}

func TestDeadWorkersComeBackWithGrowingPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLauncher{fail: errors.New("no such file")}
		s := fakeSpeech(t, l, SpeechConfig{})
		// Opening waits out the pauses of 0.1 to 1.6 s and gives up at 3.2 s.
		began := time.Now()
		_, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if !retriable(err) {
			t.Fatalf("Open: %v, want a retriable error", err)
		}
		if n, took := l.started.Load(), time.Since(began); n != 6 || took != 3100*time.Millisecond {
			t.Errorf("%d attempts in %s, want 6 in 3.1s", n, took)
		}
		if _, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{}); !retriable(err) || l.started.Load() != 6 {
			t.Errorf("err %v after %d attempts; want no attempt within the pause", err, l.started.Load())
		}
		l.fail, l.script = nil, obedient
		time.Sleep(longestPause)
		if _, err := s.Hear(t.Context(), voiced(320)); err != nil {
			t.Errorf("after the pause: %v", err)
		}
	})
}

func TestTheCallersContextEndsTheWaitForAWorker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLauncher{script: func(w *fakeWorker) { _, _ = io.Copy(io.Discard, w.in) }} // never says hello
		s := fakeSpeech(t, l, SpeechConfig{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Synthesizer().Open(ctx, providers.VoiceOptions{}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Open: %v, want the deadline of the context", err)
		}
	})
}

func TestAWorkerThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLauncher{}
		l.script = func(w *fakeWorker) {
			w.hello()
			hangs := l.started.Load() == 1
			w.obey(func(f wire.Frame) bool { return hangs && f.Kind == wire.KindStop })
		}
		s := fakeSpeech(t, l, SpeechConfig{})
		st, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		other, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		_ = st.Close()
		began := time.Now()
		if _, err := other.Recv(t.Context()); !errors.Is(err, errHung) || time.Since(began) != stopDeadline {
			t.Errorf("after %s: %v; want it to be killed after %s", time.Since(began), err, stopDeadline)
		}
		_ = other.Close()
		if _, err := s.Hear(t.Context(), voiced(320)); err != nil {
			t.Errorf("the next worker: %v", err)
		}
	})
}

func TestCloseEndsWorkersAndStreamsAndRefusesMore(t *testing.T) {
	t.Parallel()
	for name, script := range map[string]func(w *fakeWorker){
		"a good worker": obedient,
		"one that won't go when asked": func(w *fakeWorker) {
			w.hello()
			_, _ = io.Copy(io.Discard, w.in)
			<-w.killed
		},
		"one that reads nothing at all": func(w *fakeWorker) { w.hello(); <-w.killed },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := &fakeLauncher{script: script}
				s := newSpeech(context.Background(), SpeechConfig{Workers: 1}, everything, l.launch)
				st, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
				if err != nil {
					t.Fatal(err)
				}
				began := time.Now()
				if err := s.Close(context.Background()); err != nil {
					t.Error(err)
				}
				if took := time.Since(began); took > stopGrace {
					t.Errorf("Close took %s, want at most %s", took, stopGrace)
				}
				if _, err := st.Recv(t.Context()); err == nil {
					t.Error("the stream goes on after the pool was closed")
				}
				_ = st.Close()
				if _, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{}); !errors.Is(err, errClosed) || retriable(err) {
					t.Errorf("Open: %v, want closed for good", err)
				}
				if err := s.Close(context.Background()); err != nil {
					t.Errorf("second Close: %v", err)
				}
			})
		})
	}
}
