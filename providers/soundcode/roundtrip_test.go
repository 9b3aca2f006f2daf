package soundcode

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// said is everything of the sentences, as one text.
func said() string { return strings.Join(interviewer, " ") + " " + strings.Join(candidate, " ") }

// heard is what a recording says.
func heard(pcm []int16, rate int) []string {
	var out []string
	for _, w := range Read(pcm, rate) {
		out = append(out, w.Text)
	}
	return out
}

func TestWhatIsSpokenIsHeardAtEveryRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []int{8000, 16000, 24000, 32000, 44100, 48000} {
		text := strings.Join(candidate[:3], " ")
		pcm, _ := Voice{}.Speak(text, rate)
		if diff := cmp.Diff(Words(text), heard(pcm, rate)); diff != "" {
			t.Errorf("at %d Hz (-spoken +heard):\n%s", rate, diff)
		}
	}
}
