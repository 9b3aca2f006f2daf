package deepgramtts

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers/simulated"
)

// tone is a voice without words: for each character a short tone whose pitch
// belongs to it. The same text always sounds the same.
type tone struct{}

func (tone) Speak(text string, rate int) ([]int16, []simulated.SpokenWord) {
	each := int(perCharacter * time.Duration(rate) / time.Second)
	pcm := make([]int16, 0, each*utf8.RuneCountInString(text))
	var words []simulated.SpokenWord
	for _, word := range strings.SplitAfter(text, " ") {
		from := len(pcm)
		for _, r := range word {
			step := 2 * math.Pi * float64(120+r%64*8) / float64(rate)
			for i := range each {
				v := 0.0
				if r != ' ' {
					v = 6000 * math.Sin(step*float64(i))
				}
				pcm = append(pcm, int16(v))
			}
		}
		if w := strings.TrimSpace(word); w != "" {
			words = append(words, simulated.SpokenWord{Text: w, From: from, To: from + each*utf8.RuneCountInString(w)})
		}
	}
	return pcm, words
}
