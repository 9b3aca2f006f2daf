package soundcode

import (
	"encoding/binary"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/vad"
	"github.com/vantahire/vantahire/providers/simulated"
)

// anyText draws texts of printable ASCII and a few other runes.
func anyText(t *rapid.T) string {
	return rapid.StringOfN(rapid.OneOf(
		rapid.RuneFrom(printable), rapid.RuneFrom([]rune("aeiou .,?!'0123456789éß漢😀"))), 1, 60, -1).Draw(t, "text")
}

func TestAnyTextIsHeardAsItWasSpoken(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := anyText(t)
		rate := rapid.SampledFrom([]int{8000, 16000, 24000, 48000}).Draw(t, "rate")
		pcm, words := Voice{}.Speak(text, rate)
		var want []string
		for _, w := range words {
			want = append(want, w.Text)
		}
		if diff := cmp.Diff(Words(text), want); diff != "" {
			t.Fatalf("words that Speak returns (-text +spoken):\n%s", diff)
		}
		if diff := cmp.Diff(want, heard(pcm, rate)); diff != "" {
			t.Fatalf("(-spoken +heard):\n%s", diff)
		}
		if got := time.Duration(len(pcm)) * time.Second / time.Duration(rate); got != Duration(text) {
			t.Fatalf("Duration = %s, the sound takes %s", Duration(text), got)
		}
	})
}

func TestASoundThatIsCutOffKeepsTheWordsBeforeTheCut(t *testing.T) {
	t.Parallel()
	const few = "Well, it depends on the size."
	pcm, words := Voice{}.Speak(few, 16000)
	const guard = 16000 * 80 / 1000 // the last 80 ms of a word may be lost
	rapid.Check(t, func(t *rapid.T) {
		cut := rapid.IntRange(0, len(pcm)).Draw(t, "cut")
		least, most := 0, 0
		for _, w := range words {
			if w.To <= cut {
				least++
			}
			if w.To-guard <= cut {
				most++
			}
		}
		got := heard(pcm[:cut], 16000)
		if len(got) < least || len(got) > most {
			t.Fatalf("%d words heard, want %d to %d", len(got), least, most)
		}
		if diff := cmp.Diff(strings.Join(Words(few)[:len(got)], " "), strings.Join(got, " ")); diff != "" {
			t.Fatalf("(-spoken +heard):\n%s", diff)
		}
	})
}

func TestAListenerThatComesLateHearsTheNextWord(t *testing.T) {
	t.Parallel()
	const few = "Well, it depends on the size."
	pcm, words := Voice{}.Speak(few, 16000)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.IntRange(0, len(pcm)).Draw(t, "from")
		least, most := 0, 0
		for _, w := range words {
			if w.From >= from {
				least++
			}
			if w.From+16000*80/1000 >= from {
				most++
			}
		}
		got := heard(pcm[from:], 16000)
		if len(got) < least || len(got) > most {
			t.Fatalf("%d words heard, want %d to %d", len(got), least, most)
		}
		if diff := cmp.Diff(strings.Join(Words(few)[len(words)-len(got):], " "), strings.Join(got, " ")); diff != "" {
			t.Fatalf("(-spoken +heard):\n%s", diff)
		}
	})
}

func TestChunksOfAnySizeAreHeardAlikeAndWordsKeepTheirPlace(t *testing.T) {
	t.Parallel()
	pcm, words := Voice{}.Speak("Hello, yes, I can.", 24000)
	rapid.Check(t, func(t *rapid.T) {
		l := Ear{}.Listen(24000)
		var got []simulated.SpokenWord
		for rest := pcm; len(rest) > 0; {
			n := min(rapid.IntRange(1, 5000).Draw(t, "chunk"), len(rest))
			got = append(got, l.Hear(rest[:n])...)
			rest = rest[n:]
		}
		if len(got) != len(words) {
			t.Fatalf("%d words heard, want %d", len(got), len(words))
		}
		const near = 24000 / 1000 // 1 ms
		for i, w := range words {
			if g := got[i]; g.Text != w.Text || max(g.From-w.From, w.From-g.From, g.To-w.To, w.To-g.To) > near {
				t.Fatalf("word %d = %+v, want %+v within 1 ms", i, g, w)
			}
		}
	})
}

// babble is what speech without words sounds like: vowels of a few pulses over
// the same pitch, in syllables, with breath.
func babble(seconds int) []int16 {
	r := rand.New(rand.NewSource(1))
	table := tableAt(16000)
	out := make([]int16, seconds*16000)
	symbol := byte(0)
	for at, k := 0, 0; at+128 <= len(out); k++ {
		if r.Intn(4) == 0 {
			symbol = byte(r.Intn(64))
		}
		table.pulse(out[at:at+128], k, symbol, float32(r.Float64()))
		if at += 128; r.Intn(30) == 0 {
			at += r.Intn(1600)
		}
	}
	return out
}

func TestNoiseAndBabbleSayNothing(t *testing.T) {
	t.Parallel()
	loud := make([]int16, 60*16000)
	for i := range loud {
		loud[i] = 1
	}
	for name, pcm := range map[string][]int16{
		"a minute of noise":   noisy(gained(babble(60), -3), -30),
		"a minute of babble":  babble(60),
		"a minute of nothing": loud,
		"coughs":              append(append(Cough(16000), Cough(16000)...), Cough(16000)...),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := heard(pcm, 16000); len(got) > 0 {
				t.Errorf("heard %q, want nothing", got)
			}
		})
	}
}

func TestSileroTakesACoughForSpeech(t *testing.T) {
	t.Parallel()
	d := vad.New(needModel(t), vad.Config{})
	pcm := append(append(make([]int16, 8000), Cough(16000)...), make([]int16, 8000)...)
	started := false
	for i := 0; i+320 <= len(pcm); i += 320 {
		started = started || d.Process(interview.Sample(i), pcm[i:i+320]).Event == vad.SpeechStarted
	}
	if !started {
		t.Error("no speech started")
	}
}

func TestEnglishIsSpokenAtThePaceOfSpeech(t *testing.T) {
	t.Parallel()
	for name, sentences := range map[string][]string{"interviewer": interviewer, "candidate": candidate} {
		text := strings.Join(sentences, " ")
		perCharacter := Duration(text) / time.Duration(len(text))
		t.Logf("%s: %s per character", name, perCharacter)
		if perCharacter < 60*time.Millisecond || perCharacter > 66*time.Millisecond {
			t.Errorf("%s: %s per character, want 60 to 66 ms", name, perCharacter)
		}
	}
}

func TestTheVoiceIsAsLoudAsSpeechAndNeverSilentForLong(t *testing.T) {
	t.Parallel()
	pcm, words := Voice{}.Speak(said(), 16000)
	var coded []int16
	for i, w := range words {
		coded = append(coded, pcm[w.From:w.To]...)
		if i > 0 && w.From-words[i-1].To > 180*16 {
			t.Errorf("a pause of %d ms before %q, want at most 180", (w.From-words[i-1].To)/16, w.Text)
		}
	}
	if level := rms(coded); level < 2300 || level > 4600 {
		t.Errorf("RMS = %.0f, want 3277 (-20 dBFS) within 3 dB", level)
	}
	if first, last := words[0].From, len(pcm)-words[len(words)-1].To; first > 320 || last > 320 {
		t.Errorf("%d and %d samples of silence at the ends, want at most 320", first, last)
	}
	for i := 1; i < len(pcm); i++ {
		if d := int(pcm[i]) - int(pcm[i-1]); d > 12000 || d < -12000 {
			t.Errorf("a click of %d at sample %d", d, i)
		}
	}
}

func TestSilenceIsHeardWithoutAllocating(t *testing.T) {
	for _, rate := range []int{8000, 16000, 24000, 48000} {
		l := NewListener(rate)
		frame := make([]int16, rate/50)
		for range 500 {
			l.Hear(frame)
		}
		if n := testing.AllocsPerRun(500, func() { l.Hear(frame) }); n != 0 {
			t.Errorf("at %d Hz: %v allocations per silent frame, want none", rate, n)
		}
	}
}

func TestAListenersMemoryIsBounded(t *testing.T) {
	t.Parallel()
	l := NewListener(16000)
	noise := noisy(babble(10), 0)
	for range 2 {
		for i := 0; i+320 <= len(noise); i += 320 {
			l.Hear(noise[i : i+320])
		}
	}
	if n := cap(l.scan.buf) * 4; n > 512<<10 {
		t.Errorf("the buffer holds %d bytes, want at most 512 KiB", n)
	}
}

func TestOddRatesAreRefusedOrConverted(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{-1, 0, 100, 1 << 30} {
		if pcm, words := (Voice{}).Speak("hello", rate); len(pcm)+len(words) > 0 {
			t.Errorf("Speak at %d Hz = %d samples, want none", rate, len(pcm))
		}
		if words := NewListener(rate).Hear(make([]int16, 1000)); len(words) > 0 {
			t.Errorf("Hear at %d Hz = %v, want nothing", rate, words)
		}
	}
	pcm, _ := Voice{}.Speak("Hello there.", 22050)
	if diff := cmp.Diff([]string{"Hello", "there."}, heard(pcm, 22050)); diff != "" {
		t.Errorf("at 22050 Hz (-spoken +heard):\n%s", diff)
	}
}

func FuzzListener(f *testing.F) {
	pcm, _ := Voice{}.Speak("Hi, you.", 8000)
	seed := make([]byte, 0, 2*len(pcm))
	for _, s := range pcm {
		seed = binary.LittleEndian.AppendUint16(seed, uint16(s))
	}
	f.Add(seed, uint8(0))
	f.Add([]byte{0xff, 0x7f, 0, 0x80}, uint8(1))
	f.Fuzz(func(t *testing.T, raw []byte, rate uint8) {
		l := NewListener(int(rate%6+1) * 8000)
		pcm := make([]int16, len(raw)/2)
		for i := range pcm {
			pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		last := 0
		for _, w := range append(l.Hear(pcm), l.Hear(make([]int16, 4800))...) {
			if w.Text == "" || w.From < 0 || w.To <= w.From || w.From < last-l.rate/50 {
				t.Fatalf("impossible word %+v after %d", w, last)
			}
			last = w.To
		}
	})
}

// printable is what ASCII can print.
var printable = func() (out []rune) {
	for r := ' '; r <= '~'; r++ {
		out = append(out, r)
	}
	return out
}()
