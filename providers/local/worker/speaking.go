package worker

import (
	"context"
	"fmt"
	"strings"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// speaking is a synthesis stream: one sentence after the other.
type speaking struct {
	*ending
	server *server
	id     uint32
	rate   float64
	queue  chan wire.Say
}

func newSpeaking(s *server, id uint32, rate float64) *speaking {
	return &speaking{ending: newEnding(), server: s, id: id, rate: rate, queue: make(chan wire.Say, wire.SpeakWindow)}
}

func (s *speaking) take(f wire.Frame) error {
	if f.Kind != wire.KindSay {
		return fmt.Errorf("%w: not for a synthesis stream", errProtocol)
	}
	say, err := wire.Decode[wire.Say](f)
	if err != nil {
		return err
	}
	select {
	case s.queue <- say:
		return nil
	default:
		return fmt.Errorf("%w: more than %d sentences ahead", errProtocol, wire.SpeakWindow)
	}
}

func (s *speaking) run(ctx context.Context) error {
	if s.server.engines.voice == nil {
		return fmt.Errorf("flite: %w", errNoEngine)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.stopped():
			cancel()
		case <-ctx.Done():
		}
	}()
	for {
		select {
		case <-ctx.Done():
			return nil
		case say := <-s.queue:
			if err := s.say(ctx, say); err != nil && ctx.Err() == nil {
				return fmt.Errorf("speak sentence %d: %w", say.Index, err)
			}
		}
	}
}

func (s *speaking) say(ctx context.Context, say wire.Say) error {
	if strings.TrimSpace(say.Text) != "" {
		words := func(spans []wire.Span) {
			s.server.sendJSON(wire.KindWords, s.id, wire.Words{Index: say.Index, Spans: spans})
		}
		sound := func(pcm []int16) bool {
			if ctx.Err() != nil {
				return false
			}
			s.server.send(wire.Frame{Kind: wire.KindSound, Stream: s.id, Payload: wire.PCM(pcm)})
			return true
		}
		if err := s.server.engines.voice.speak(ctx, say.Text, s.rate, words, sound); err != nil {
			return err
		}
	}
	if ctx.Err() == nil {
		s.server.sendJSON(wire.KindSpoken, s.id, wire.Spoken{Index: say.Index})
	}
	return nil
}
