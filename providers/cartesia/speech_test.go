package cartesia

import (
	"testing"

	server "github.com/vantahire/vantahire/providers/simulated/cartesia"
)

func TestAReplyIsSpokenSentenceBySentence(t *testing.T) {
	t.Parallel()
	c, s := setup(t, server.Config{}, Config{})
	sentences := []string{"Thanks, that is helpful.", "Tell me about caching.", "What did you measure?"}
	for range 3 {
		speak(t, c, sentences...).whole(t, sentences...)
	}
	st := c.Stats()
	if s.Journal.Billed("speak") != st.Characters || st.Dials != 1 || st.Contexts != 3 || st.Garbage+st.EarlyFlush+st.Retried+st.Renewed != 0 {
		t.Errorf("%+v, billed %d", st, s.Journal.Billed("speak"))
	}
}
