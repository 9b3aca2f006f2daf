package local

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
)

// answers are what candidates say in interviews.
var answers = []string{
	"I have worked as a software engineer for the last five years.",
	"My biggest strength is that I can explain difficult ideas in simple words.",
	"In my last project we moved a large database to a new server without any downtime.",
	"I like to write tests first because they show me what the code should do.",
	"When two people on my team disagree, I ask each of them to explain the reasons.",
	"The most difficult problem was a memory leak that only happened under heavy load.",
	"I would like to learn more about machine learning and data science.",
	"We had to deliver the product in three months with a very small team.",
	"I made a mistake and deleted the wrong table, but we had a good backup.",
	"My manager gave me the freedom to choose the tools that I wanted to use.",
	"I am looking for a company where I can grow and take more responsibility.",
	"First I talk to the customer, then I write down what they really need.",
	"I speak English and German and I have studied computer science at the university.",
	"We used a message queue to connect the services and it was fast enough.",
	"I think that good communication is more important than perfect code.",
	"Yes, I have led a team of 6 people for 2 years.",
}

// say speaks a text with its words.
func say(t testing.TB, s *Speech, text string) ([]int16, []providers.Word) {
	t.Helper()
	pcm, words, err := s.Speak(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	return pcm, words
}

func TestWhatIsSpokenIsUnderstood(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	var wrong, words float64
	for _, answer := range answers {
		pcm, _ := say(t, s, answer)
		heard, err := s.Hear(t.Context(), pcm)
		if err != nil {
			t.Fatal(err)
		}
		n := float64(len(spokenWords(answer)))
		rate := WordErrorRate(answer, heard.Text)
		wrong, words = wrong+rate*n, words+n
		t.Logf("%3.0f %% confidence %.2f  %s", 100*rate, heard.Confidence, heard.Text)
		if heard.Confidence <= 0 || heard.Confidence > 1 {
			t.Errorf("confidence %v of %q", heard.Confidence, heard.Text)
		}
	}
	t.Logf("word error rate %.1f %% over %d sentences, %.0f words", 100*wrong/words, len(answers), words)
	if wrong/words > 0.20 {
		t.Errorf("word error rate %.1f %%, want at most 20 %%", 100*wrong/words)
	}
}

func TestTwoCallsAtOnceDoNotDisturbEachOther(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1) // both on one worker
	texts := [2]string{answers[0] + " " + answers[7], answers[10] + " " + answers[5]}
	var pcm [2][]int16
	for i, text := range texts {
		pcm[i], _ = say(t, s, text)
	}
	var streams [2]providers.TranscribeStream
	for i := range streams {
		st, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		streams[i] = st
	}
	// Frame by frame in turn, one voice speaking all the while.
	var speaking sync.WaitGroup
	speaking.Go(func() {
		if _, _, err := s.Speak(t.Context(), strings.Join(answers, " ")); err != nil {
			t.Error(err)
		}
	})
	for at := 0; at < max(len(pcm[0]), len(pcm[1])); at += 320 {
		for i, st := range streams {
			if at >= len(pcm[i]) {
				continue
			}
			if err := st.Write(t.Context(), pcm[i][at:min(at+320, len(pcm[i]))]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for i, st := range streams {
		if err := st.Finalize(t.Context()); err != nil {
			t.Fatal(err)
		}
		partials := 0
		for {
			tr, err := st.Recv(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if tr.Final {
				if rate := WordErrorRate(texts[i], tr.Text); rate > 0.3 {
					t.Errorf("stream %d heard %q, %.0f %% wrong", i, tr.Text, 100*rate)
				}
				break
			}
			partials++
		}
		if partials == 0 {
			t.Errorf("stream %d gave no partial", i)
		}
	}
	speaking.Wait()
}

func TestWordTimesAreInsideTheSoundAndTrue(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	text := "Hello — I'm Dr. Smith, born in 1984; I paid $12.50 (about 10%) for \"it\". " + answers[0] + " 👍 " + answers[5]
	pcm, words := say(t, s, text)
	if want := strings.Fields(text); !slices.EqualFunc(want, words, func(a string, b providers.Word) bool { return a == b.Text }) {
		t.Fatalf("words %v, want those of the text", words)
	}
	last := time.Duration(0)
	end := interview.Sample(len(pcm)).Duration()
	for _, w := range words {
		if w.From < last || w.To < w.From || w.To > end {
			t.Errorf("%q from %s to %s after %s, in sound of %s", w.Text, w.From, w.To, last, end)
		}
		last = w.To
	}
	if rest := end - last; rest > 500*time.Millisecond {
		t.Errorf("the sound goes on for %s after the last word", rest)
	}
	// The other engine, which knows nothing of these times, hears words there.
	heard, err := s.Hear(t.Context(), pcm)
	if err != nil {
		t.Fatal(err)
	}
	var off []float64
	next := 0
	for _, h := range heard.Words {
		for i := next; i < len(words); i++ {
			if strings.ToLower(strings.Trim(words[i].Text, ".,;")) == h.Text && math.Abs((words[i].From-h.From).Seconds()) < 1 {
				off = append(off, math.Abs((words[i].From - h.From).Seconds()))
				next = i + 1
				break
			}
		}
	}
	slices.Sort(off)
	if len(off) < len(words)/2 {
		t.Fatalf("only %d of %d words were found again in %q", len(off), len(words), heard.Text)
	}
	median, p90 := off[len(off)/2], off[len(off)*9/10]
	t.Logf("%d words: flite and pocketsphinx differ by %.0f ms in the median, %.0f ms at the 90th percentile", len(off), 1000*median, 1000*p90)
	if median > 0.04 || p90 > 0.15 {
		t.Errorf("word times differ by %.0f ms in the median, %.0f ms at the 90th percentile; want 40 and 150", 1000*median, 1000*p90)
	}
}

func TestSpeechStreamsInPiecesOfAtMostAFifthOfASecond(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	st, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{Rate: 1.25})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	for _, text := range []string{answers[0], "...", "--", answers[1]} {
		if err := st.Say(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Finish(); err != nil {
		t.Fatal(err)
	}
	ends := 0
	for i, c := range everythingOf(t, st) {
		if len(c.PCM) > Rate/5 {
			t.Errorf("chunk %d has %d samples", i, len(c.PCM))
		}
		if c.SentenceEnd >= 0 {
			if c.SentenceEnd != ends {
				t.Errorf("sentence %d ends, want %d", c.SentenceEnd, ends)
			}
			ends++
		}
	}
	if ends != 4 {
		t.Errorf("%d sentences ended, want 4", ends)
	}
}

func TestAFasterRateIsShorter(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	length := func(rate float64) int {
		st, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{Rate: rate})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = st.Close() }()
		if err := errors.Join(st.Say(t.Context(), answers[0]), st.Finish()); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, c := range everythingOf(t, st) {
			n += len(c.PCM)
		}
		return n
	}
	slow, normal, fast := length(0.8), length(1), length(1.25)
	if float64(slow) < 1.1*float64(normal) || float64(fast) > 0.9*float64(normal) {
		t.Errorf("%d, %d and %d samples at rates 0.8, 1 and 1.25", slow, normal, fast)
	}
}

func TestAKilledWorkerIsReplaced(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	pcm, _ := say(t, s, answers[0])
	ear, err := s.Transcriber().Open(t.Context(), providers.TranscribeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ear.Close() }()
	voice, err := s.Synthesizer().Open(t.Context(), providers.VoiceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = voice.Close() }()
	if err := ear.Write(t.Context(), pcm[:len(pcm)/2]); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	c := s.slots[0].conn
	s.mu.Unlock()
	c.proc.kill() // SIGKILL
	for {
		if _, err = ear.Recv(t.Context()); err != nil {
			break
		}
	}
	if !errors.Is(err, errDied) || !retriable(err) {
		t.Errorf("ear: %v, want a retriable death", err)
	}
	if _, err := voice.Recv(t.Context()); !errors.Is(err, errDied) || !retriable(err) {
		t.Errorf("voice: %v, want a retriable death", err)
	}
	if heard, err := s.Hear(t.Context(), pcm); err != nil || WordErrorRate(answers[0], heard.Text) > 0.2 {
		t.Errorf("the next worker heard %q, err %v", heard.Text, err)
	}
}

func TestACancelledReplyFreesItsWorker(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	st, err := s.Synthesizer().Open(ctx, providers.VoiceOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	for range maxSentences {
		if err := st.Say(t.Context(), strings.Join(answers[:3], ", ")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := st.Recv(t.Context()); err != nil {
		t.Fatal(err)
	}
	cancel()
	// The worker confirms the stop, so no route is left, and the next is served.
	pcm, _ := say(t, s, "Next.")
	if len(pcm) == 0 {
		t.Error("nothing was spoken after the cancel")
	}
	for c := s.slots[0].conn; ; {
		c.mu.Lock()
		n := len(c.streams)
		c.mu.Unlock()
		if n == 0 {
			break
		}
		// Each reply of the worker passes through the conn in order.
		say(t, s, "And again.")
	}
	if _, err := st.Recv(t.Context()); !errors.Is(err, context.Canceled) {
		t.Errorf("Recv: %v, want canceled", err)
	}
}

func TestADecoderForgetsTheCallBefore(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	pcm, _ := say(t, s, answers[2])
	fresh, err := s.Hear(t.Context(), pcm)
	if err != nil {
		t.Fatal(err)
	}
	loud, _ := say(t, s, answers[5])
	for i := range loud { // another voice on a bad line
		loud[i] = int16(max(-32768, min(32767, 8*int(loud[i])+i%200-100)))
	}
	for range 2 { // at most two decoders are kept: both have heard the bad line
		if _, err := s.Hear(t.Context(), loud); err != nil {
			t.Fatal(err)
		}
	}
	again, err := s.Hear(t.Context(), pcm)
	if err != nil {
		t.Fatal(err)
	}
	if again.Text != fresh.Text || again.Confidence != fresh.Confidence {
		t.Errorf("heard %q (%.3f) after another call, %q (%.3f) when new", again.Text, again.Confidence, fresh.Text, fresh.Confidence)
	}
}

func TestSilenceIsAnsweredWithAnEmptyFinal(t *testing.T) {
	t.Parallel()
	s := realSpeech(t, 1)
	heard, err := s.Hear(t.Context(), make([]int16, 5*Rate))
	if err != nil || !heard.Final || heard.Text != "" || heard.Through < 5*Rate {
		t.Errorf("got %+v, err %v; want an empty final through the end", heard, err)
	}
}
