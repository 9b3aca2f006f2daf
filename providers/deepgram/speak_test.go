package deepgram

import (
	"testing"

	"github.com/vantahire/vantahire/providers/simulated/deepgramtts"
)

func TestSpeakAReplySentenceBySentence(t *testing.T) {
	t.Parallel()
	l := newSpeakLab(t, deepgramtts.Config{}, SpeakConfig{})
	sentences := []string{"Thank you.", "Tell me about a project that you led.", "What was hard about it?"}
	for range 3 {
		l.say(t, sentences...).is(t, sentences...)
	}
	s := l.Stats()
	if s.Dialled != 1 || s.Replies != 3 || s.Stale != 0 || s.Idle != 1 {
		t.Errorf("%+v", s)
	}
}
