package local

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/wire"
)

// voice opens a reply on a pool with one worker that runs script.
func voice(t *testing.T, script func(w *fakeWorker)) providers.SpeechStream {
	t.Helper()
	s := fakeSpeech(t, &fakeLauncher{script: script}, SpeechConfig{})
	st, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{Rate: 9})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return st
}

// everythingOf reads a stream to its end.
func everythingOf(t *testing.T, st providers.SpeechStream) []providers.Chunk {
	t.Helper()
	var all []providers.Chunk
	for {
		c, err := st.Recv(t.Context())
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
}

func TestAReplyIsSpokenSentenceBySentence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := voice(t, obedient)
		go func() {
			for _, sentence := range []string{"So, tell me.", "", "— Why —?"} {
				if err := st.Say(t.Context(), sentence); err != nil {
					t.Error(err)
				}
			}
			if err := st.Finish(); err != nil {
				t.Error(err)
			}
		}()
		var ends, samples []int
		var words []providers.Word
		total := 0
		for _, c := range everythingOf(t, st) {
			total += len(c.PCM)
			if c.Rate != Rate {
				t.Errorf("rate %d, want %d", c.Rate, Rate)
			}
			words = append(words, c.Words...)
			if c.SentenceEnd >= 0 {
				ends, samples = append(ends, c.SentenceEnd), append(samples, total)
			}
		}
		if diff := cmp.Diff([]int{0, 1, 2}, ends); diff != "" {
			t.Errorf("sentence ends (-want +got):\n%s", diff)
		}
		// The worker says 0.1 s per word and reads "—" as "-".
		if diff := cmp.Diff([]int{4800, 4800, 9600}, samples); diff != "" {
			t.Errorf("samples at the sentence ends (-want +got):\n%s", diff)
		}
		ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
		want := []providers.Word{
			{Text: "So,", From: 0, To: ms(100)},
			{Text: "tell", From: ms(100), To: ms(200)},
			{Text: "me.", From: ms(200), To: ms(300)},
			{Text: "—", From: ms(300), To: ms(400)},
			{Text: "Why", From: ms(400), To: ms(500)},
			{Text: "—?", From: ms(500), To: ms(600)},
		}
		if diff := cmp.Diff(want, words); diff != "" {
			t.Errorf("words (-want +got):\n%s", diff)
		}
	})
}

func TestALongSentenceEndsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := voice(t, obedient)
		text := strings.TrimSpace(strings.Repeat("word, ", 300))
		go func() {
			_ = st.Say(t.Context(), text)
			_ = st.Finish()
		}()
		var last time.Duration
		words, ends, total := 0, 0, 0
		for _, c := range everythingOf(t, st) {
			total += len(c.PCM)
			for _, w := range c.Words {
				if w.From != last {
					t.Fatalf("word %d starts at %s, want %s", words, w.From, last)
				}
				last = w.To
				words++
			}
			if c.SentenceEnd >= 0 {
				ends++
			}
		}
		if words != 300 || ends != 1 || total != 300*1600 {
			t.Errorf("%d words, %d ends, %d samples; want 300, 1, 480000", words, ends, total)
		}
	})
}

func TestSayWaitsWhenSixteenSentencesWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := voice(t, obedient)
		// The worker has two, the feeder one, the queue the rest.
		for i := range maxSentences + wire.SpeakWindow + 1 {
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if err := st.Say(ctx, "hello"); err != nil {
				t.Fatalf("sentence %d: %v", i, err)
			}
			cancel()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := st.Say(ctx, "one more"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Say: %v, want to wait until its context ends", err)
		}
		if err := st.Finish(); err != nil {
			t.Error(err)
		}
		if n := len(everythingOf(t, st)); n != maxSentences+wire.SpeakWindow+1 {
			t.Errorf("%d sentences came, want every one of %d", n, maxSentences+wire.SpeakWindow+1)
		}
		if err := st.Say(t.Context(), "afterthought"); !errors.Is(err, errFinished) {
			t.Errorf("Say after Finish: %v, want a refusal", err)
		}
	})
}

func TestACancelledReplyDeliversNothingMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLauncher{script: obedient}
		s := fakeSpeech(t, l, SpeechConfig{MaxCalls: 1})
		bargeIn := errors.New("barge-in")
		ctx, cancel := context.WithCancelCause(t.Context())
		st, err := s.Synthesizer().Open(ctx, providers.VoiceOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if err := st.Say(t.Context(), "several words of a reply"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := st.Recv(t.Context()); err != nil {
			t.Fatal(err)
		}
		cancel(bargeIn)
		synctest.Wait()
		if c, err := st.Recv(t.Context()); !errors.Is(err, bargeIn) {
			t.Errorf("got %d samples, err %v; want nothing but the cause", len(c.PCM), err)
		}
		if err := st.Say(t.Context(), "more"); !errors.Is(err, bargeIn) {
			t.Errorf("Say: %v, want the cause", err)
		}
		next, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{})
		if err != nil {
			t.Fatalf("its place was not given back: %v", err)
		}
		_ = next.Close()
		_ = st.Close()
	})
}

func TestCloseUnblocksSayAndRecv(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := voice(t, deaf)
		received, said := make(chan error, 1), make(chan error, 1)
		go func() {
			_, err := st.Recv(t.Context())
			received <- err
		}()
		go func() {
			for {
				if err := st.Say(t.Context(), "hello"); err != nil {
					said <- err
					return
				}
			}
		}()
		synctest.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
		if err := <-received; err == nil {
			t.Error("Recv goes on")
		}
		if err := <-said; err == nil {
			t.Error("Say goes on")
		}
	})
}

func TestWhatWasSpokenBeforeTheWorkerDiedIsDelivered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		st := voice(t, func(w *fakeWorker) {
			w.hello()
			spoken := false
			w.obey(func(f wire.Frame) bool {
				if f.Kind == wire.KindSay && spoken {
					w.die()
				}
				spoken = spoken || f.Kind == wire.KindSay
				return false
			})
		})
		for range 2 {
			if err := st.Say(t.Context(), "hello"); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Wait()
		if c, err := st.Recv(t.Context()); err != nil || c.SentenceEnd != 0 {
			t.Errorf("got %+v, err %v; want the first sentence", c, err)
		}
		if _, err := st.Recv(t.Context()); !retriable(err) || !errors.Is(err, errDied) || !strings.Contains(err.Error(), "last words") {
			t.Errorf("then %v; want a retriable death with the worker's last words", err)
		}
	})
}
