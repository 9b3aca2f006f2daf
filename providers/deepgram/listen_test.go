package deepgram

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/simulated/deepgramstt"
)

func TestWhatWasSaidIsHeardOnceAndInPlace(t *testing.T) {
	t.Parallel()
	s := listenTo(t, deepgramstt.Config{}, ListenConfig{})
	const offset = interview.Sample(5 * interview.MicRate)
	stream := s.open(providers.TranscribeOptions{Offset: offset, Terms: []string{"Kubernetes"}})
	pcm := sound("I led the migration of the billing system.", 700*time.Millisecond)
	s.write(stream, pcm)
	s.finalize(stream)
	got := s.until(stream, func(x providers.Transcript) bool {
		return x.Final && x.Through >= offset+interview.Sample(len(pcm))-listenRounding
	})
	if err := stream.Close(); err != nil {
		t.Fatal(err)
	}
	more, err := s.rest(stream)
	if !errors.Is(err, io.EOF) {
		t.Errorf("after Close: %v", err)
	}
	all := append(got, more...)
	if text := strings.ToLower(finals(all)); !strings.HasPrefix(text, "i led the migration of the billing system") || strings.Count(text, "migration") != 1 {
		t.Errorf("heard %q", text)
	}
	for _, x := range all {
		if x.From < offset || x.To < x.From || x.To > offset+interview.Sample(len(pcm)) || x.Final && x.To > x.Through {
			t.Errorf("out of place: %+v", x)
		}
	}
}

func TestNobodyTakesTheResults(t *testing.T) {
	t.Parallel()
	many := make([]string, 2*maxUnread)
	for i := range many {
		many[i] = `{"type":"Results","is_final":true,"channel":{"alternatives":[{"transcript":""}]}}`
	}
	stream := openOn(t, scriptedListener(t, ListenConfig{}, say(many...)))
	for stream.Write(t.Context(), make([]int16, 320)) == nil {
		time.Sleep(time.Millisecond)
	}
	for {
		if _, err := recv(t, stream); err != nil {
			if !errors.Is(err, errListenUnread) {
				t.Error(err)
			}
			return
		}
	}
}
