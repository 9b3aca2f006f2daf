package local

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

// listen opens an ear on a pool with one worker that runs script.
func listen(t *testing.T, script func(w *fakeWorker), o providers.TranscribeOptions) providers.TranscribeStream {
	t.Helper()
	s := fakeSpeech(t, &fakeLauncher{script: script}, SpeechConfig{})
	st, err := s.Transcriber().Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// deaf answers nothing but the end of a stream.
func deaf(w *fakeWorker) {
	w.hello()
	w.obey(func(f wire.Frame) bool { return f.Kind != wire.KindStop })
}

func TestTranscriptsStandOnTheMediaClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, obedient, providers.TranscribeOptions{Offset: 16000, Language: "en-GB"})
		if err := st.Write(t.Context(), voiced(1600)); err != nil {
			t.Fatal(err)
		}
		if err := st.Finalize(t.Context()); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		tr, err := st.Recv(t.Context())
		if err != nil || !tr.Final {
			t.Fatalf("got %+v, err %v; want the final, which replaces the partials before it", tr, err)
		}
		if tr.From != 16000 || tr.To != 17600 || tr.Through != 17600 {
			t.Errorf("from %d to %d through %d, want 16000 to 17600 through 17600", tr.From, tr.To, tr.Through)
		}
		if w := tr.Words[0]; w.From != 0 || w.To != 100*time.Millisecond {
			t.Errorf("word from %s to %s, want the stream's own 0 to 100ms", w.From, w.To)
		}
	})
}

func TestANewerPartialReplacesOneNobodyTook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, obedient, providers.TranscribeOptions{})
		for range 3 {
			if err := st.Write(t.Context(), voiced(320)); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if tr, err := st.Recv(t.Context()); err != nil || tr.Text != "yes yes yes " || tr.Final {
			t.Errorf("got %+v, err %v; want the newest partial", tr, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if tr, err := st.Recv(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %+v, err %v; want nothing more", tr, err)
		}
	})
}

func TestWriteWaitsForADecoderThatLags(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, deaf, providers.TranscribeOptions{})
		if err := st.Write(t.Context(), voiced(wire.HearWindow)); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := st.Write(ctx, voiced(320)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Write: %v, want to wait until its context ends", err)
		}
	})
}

func TestCloseUnblocksWriteAndRecv(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, deaf, providers.TranscribeOptions{})
		written, received := make(chan error, 1), make(chan error, 1)
		go func() { written <- st.Write(t.Context(), voiced(2*wire.HearWindow)) }()
		go func() {
			_, err := st.Recv(t.Context())
			received <- err
		}()
		synctest.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
		if err := <-written; !errors.Is(err, errStreamClosed) {
			t.Errorf("Write: %v, want closed", err)
		}
		if err := <-received; !errors.Is(err, io.EOF) {
			t.Errorf("Recv: %v, want io.EOF", err)
		}
	})
}

func TestAClosedStreamStillGivesTheFinalsItOwes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, func(w *fakeWorker) {
			w.hello()
			w.obey(func(f wire.Frame) bool {
				if f.Kind == wire.KindFinalize {
					time.Sleep(time.Second) // the second pass over the utterance
				}
				return false
			})
		}, providers.TranscribeOptions{})
		if err := st.Finalize(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = st.Close()
		if tr, err := st.Recv(t.Context()); err != nil || !tr.Final {
			t.Errorf("got %+v, err %v; want the final", tr, err)
		}
		if _, err := st.Recv(t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("then %v, want io.EOF", err)
		}
	})
}

func TestAFinalThatNeverComesIsGivenUpAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, func(w *fakeWorker) {
			w.hello()
			w.obey(func(wire.Frame) bool { return true })
		}, providers.TranscribeOptions{})
		if err := st.Finalize(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = st.Close()
		began := time.Now()
		if _, err := st.Recv(t.Context()); !errors.Is(err, io.EOF) || time.Since(began) != drainDeadline {
			t.Errorf("after %s: %v; want io.EOF after %s", time.Since(began), err, drainDeadline)
		}
	})
}

func TestTheOpenersContextEndsTheStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := fakeSpeech(t, &fakeLauncher{script: deaf}, SpeechConfig{MaxCalls: 1})
		hangup := errors.New("hung up")
		ctx, cancel := context.WithCancelCause(t.Context())
		st, err := s.Transcriber().Open(ctx, providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		cancel(hangup)
		if _, err := st.Recv(t.Context()); !errors.Is(err, hangup) {
			t.Errorf("Recv: %v, want the cause", err)
		}
		synctest.Wait()
		next, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatalf("its place was not given back: %v", err)
		}
		_ = next.Close()
		_ = st.Close()
	})
}

func TestTooManyFinalsAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, deaf, providers.TranscribeOptions{})
		for range maxFinalizes {
			if err := st.Finalize(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := st.Finalize(t.Context()); !errors.Is(err, providers.ErrBusy) {
			t.Errorf("Finalize: %v, want busy", err)
		}
	})
}

func TestAReaderThatWentAwayFailsItsStreamOnly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := listen(t, func(w *fakeWorker) {
			w.hello()
			w.obey(func(f wire.Frame) bool {
				for range maxUnread + 1 {
					w.send(wire.KindResult, f.Stream, wire.Result{Final: true})
				}
				return f.Kind == wire.KindHear
			})
		}, providers.TranscribeOptions{})
		synctest.Wait()
		if err := st.Write(t.Context(), voiced(320)); !errors.Is(err, errUnread) {
			t.Errorf("Write: %v, want to learn that nobody reads", err)
		}
	})
}

func TestWhatTheWorkerCanNotDoIsSaid(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		failed wire.Failed
		retry  bool
		want   error
	}{
		"it broke":      {wire.Failed{Code: wire.CodeFailed, Message: "bad luck"}, true, nil},
		"it never will": {wire.Failed{Code: wire.CodeUnavailable, Message: "no libpocketsphinx"}, false, providers.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				st := listen(t, func(w *fakeWorker) {
					w.hello()
					w.obey(func(f wire.Frame) bool {
						if f.Kind == wire.KindHear {
							w.send(wire.KindFailed, f.Stream, tc.failed)
						}
						return false
					})
				}, providers.TranscribeOptions{})
				_, err := st.Recv(t.Context())
				if retriable(err) != tc.retry || (tc.want != nil && !errors.Is(err, tc.want)) {
					t.Errorf("Recv: %v, want retry %v and %v", err, tc.retry, tc.want)
				}
			})
		})
	}
}

func TestOnlyEnglishIsHeardAndSpoken(t *testing.T) {
	t.Parallel()
	s := fakeSpeech(t, &fakeLauncher{script: obedient}, SpeechConfig{})
	if _, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{Language: "de-DE"}); !errors.Is(err, providers.ErrUnavailable) || retriable(err) {
		t.Errorf("German ear: %v, want unavailable", err)
	}
	if _, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{Language: "fr"}); !errors.Is(err, providers.ErrUnavailable) {
		t.Errorf("French voice: %v, want unavailable", err)
	}
	if _, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{Voice: "sonic"}); !errors.Is(err, providers.ErrUnavailable) {
		t.Errorf("unknown voice: %v, want unavailable", err)
	}
}

func TestHearJoinsAllFinals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		spilled := false
		l := &fakeLauncher{script: func(w *fakeWorker) {
			w.hello()
			w.obey(func(f wire.Frame) bool {
				if f.Kind == wire.KindAudio && !spilled {
					spilled = true
					w.send(wire.KindResult, f.Stream, wire.Result{Text: "well", Final: true, Confidence: 1, Through: 1, Words: []wire.Word{{Text: "well", To: 1}}})
				}
				return false
			})
		}}
		tr, err := fakeSpeech(t, l, SpeechConfig{}).Hear(t.Context(), voiced(320))
		if err != nil || tr.Text != "well yes " || len(tr.Words) != 2 || tr.Confidence != 0.75 || tr.To != interview.Sample(320) {
			t.Errorf("got %+v, err %v; want both finals as one", tr, err)
		}
	})
}
