package deepgram

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
)

func TestAHundredStreamsAtOnceHearWhatIsTheirs(t *testing.T) {
	t.Parallel()
	const streams = 100
	s := listenTo(t, deepgramstt.Config{Instant: true}, ListenConfig{})
	words := []string{"alpha", "bravo", "delta", "echo"}
	sounds := make([][]int16, len(words))
	for i, w := range words {
		sounds[i] = sound(w, 400*time.Millisecond)
	}
	all := make([]providers.TranscribeStream, streams)
	for i := range all {
		all[i] = s.open(providers.TranscribeOptions{})
	}
	heard := make([]string, streams)
	var running sync.WaitGroup
	for i, stream := range all {
		running.Go(func() {
			if err := stream.Write(t.Context(), sounds[i%len(words)]); err != nil {
				t.Error(err)
			}
			_ = stream.Close()
			for {
				x, err := recv(t, stream)
				if err != nil {
					return
				}
				if x.Final {
					heard[i] += bareWords(x.Text)
				}
			}
		})
	}
	running.Wait()
	for i, got := range heard {
		if want := words[i%len(words)]; strings.TrimSpace(got) != want {
			t.Errorf("stream %d heard %q, want %q", i, got, want)
		}
	}
	s.eventually("the end of all connections", func() bool { return s.server.Open() == 0 })
	if n := s.server.Journal.Count("connect"); n != streams {
		t.Errorf("%d connections", n)
	}
}
