package wsaudio

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

func speech(reply interview.ReplyNo) voiceproto.Speech {
	return voiceproto.Speech{Reply: reply, Rate: media.PlayRate}
}

// expect reads the given messages in this order.
func (c *call) expect(t *testing.T, want ...any) {
	t.Helper()
	for i, w := range want {
		if diff := cmp.Diff(w, c.read()); diff != "" {
			t.Fatalf("message %d (-want +got):\n%s", i, diff)
		}
	}
}

func frames(reply interview.ReplyNo, from, to int) (out []any) {
	for n := from; n < to; n++ {
		out = append(out, sound(pcm(reply, at(n))))
	}
	return out
}

func TestSpeechFramesAndCompleteComeInOrder(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.feed(t, 1, 0, 5)
	c.EndReply(1)
	c.EndReply(1) // counts once
	c.feed(t, 2, 0, 3)
	c.EndReply(2)
	c.expect(t, speech(1))
	c.expect(t, frames(1, 0, 5)...)
	c.expect(t, voiceproto.AudioComplete{Reply: 1}, speech(2))
	c.expect(t, frames(2, 0, 3)...)
	c.expect(t, voiceproto.AudioComplete{Reply: 2})
	c.EndReply(2)
	c.EndReply(3) // never had a frame
	c.expect(t, voiceproto.AudioComplete{Reply: 3})
}

func TestAReplyThatGoesOnElsewhereSaysWhere(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.feed(t, 7, 100, 101) // a new connection after 2 s of the reply
	c.feed(t, 7, 90, 91)
	c.expect(t,
		voiceproto.Speech{Reply: 7, Rate: media.PlayRate, From: 2000}, sound(pcm(7, at(100))),
		voiceproto.Speech{Reply: 7, Rate: media.PlayRate, From: 1800}, sound(pcm(7, at(90))))
}

func TestControlOvertakesAudio(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		c.settle(t)
		c.feed(t, 1, 0, ringFrames)
		synctest.Wait() // the announcement is being written and the client does not read
		c.Send(voiceproto.State{Agent: "speaking", User: "listening"})
		c.Send(voiceproto.Hold{Reply: 1})
		c.expect(t, speech(1), voiceproto.State{Agent: "speaking", User: "listening"}, voiceproto.Hold{Reply: 1})
		c.expect(t, frames(1, 0, ringFrames)...)
	})
}

// settle takes the ping every connection begins with. In a bubble, where a write
// waits for its reader, the writer is free afterwards.
func (c *call) settle(t *testing.T) {
	t.Helper()
	synctest.Wait()
	c.Send(voiceproto.Pong{})
	c.expect(t, voiceproto.Pong{})
	synctest.Wait()
}

func TestNoFrameFollowsItsFlush(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		c.settle(t)
		c.feed(t, 1, 0, 4)
		c.expect(t, speech(1), sound(pcm(1, 0)))
		synctest.Wait() // the second frame is being written
		c.Send(voiceproto.Processing{})
		c.Flush(1)
		c.Flush(1) // counts once
		if c.WriteFrame(1, at(4), pcm(1, at(4))) {
			t.Error("a frame of the flushed reply was taken")
		}
		c.EndReply(1)
		c.feed(t, 2, 0, 1)
		c.expect(t, sound(pcm(1, at(1))), // its write had begun
			voiceproto.Flush{Reply: 1}, voiceproto.Processing{}, voiceproto.AudioComplete{Reply: 1},
			speech(2), sound(pcm(2, 0)))
		if s := c.Stats(); s.FramesDropped != 2 || s.FramesRefused != 1 {
			t.Errorf("dropped %d frames and refused %d, want 2 and 1", s.FramesDropped, s.FramesRefused)
		}
	})
}

func TestAFlushOwesTheCompletesItDropped(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := inBubble(t)
		c.settle(t)
		c.feed(t, 1, 0, 2)
		c.EndReply(1)
		synctest.Wait()
		c.Flush(1)
		c.expect(t, speech(1), voiceproto.Flush{Reply: 1}, voiceproto.AudioComplete{Reply: 1})
		c.Flush(5) // a reply that never sounded, as a contract client waits for its end
		c.expect(t, voiceproto.Flush{Reply: 5}, voiceproto.AudioComplete{Reply: 5})
	})
}

// Frames are written as fast as they are taken while another goroutine flushes.
func TestNoFrameFollowsItsFlushUnderLoad(t *testing.T) {
	t.Parallel()
	const replies = 300
	c := onLoopback(t)
	revoked := make(chan interview.ReplyNo)
	go func() {
		defer close(revoked)
		for no := interview.ReplyNo(1); no <= replies; no++ {
			for n := 0; n < int(no%17)+1; {
				if c.WriteFrame(no, at(n), pcm(no, at(n))) {
					n++
				}
			}
			revoked <- no
		}
	}()
	go func() {
		for no := range revoked {
			c.Flush(no)
		}
		c.Send(voiceproto.Processing{}) // the end
	}()
	var announced, flushed interview.ReplyNo
	for sounds := 0; ; {
		switch m := c.read().(type) {
		case voiceproto.Speech:
			announced = m.Reply
		case voiceproto.Flush:
			flushed = m.Reply
		case sound:
			if announced <= flushed {
				t.Fatalf("a frame of reply %d came after the flush of %d", announced, flushed)
			}
			if m[0] != pcm(announced, 0)[0] && m[0]-pcm(announced, 0)[0] < 0 {
				t.Fatalf("a frame of another reply than %d", announced)
			}
			sounds++
		case voiceproto.AudioComplete:
		case voiceproto.Processing:
			if flushed != replies || sounds == 0 {
				t.Errorf("flushed up to %d after %d frames", flushed, sounds)
			}
			return
		default:
			t.Fatalf("%#v", m)
		}
	}
}

func TestAcknowledgementsOpenTheWindow(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	if lead := c.Lead(); lead != leadPlain {
		t.Errorf("lead of a plain client is %s", lead)
	}
	c.say(t, voiceproto.Hello{Acks: true, Gain: true})
	c.heard(1)
	if lead := c.Lead(); lead != leadAcked {
		t.Errorf("lead of an acknowledging client is %s", lead)
	}
	c.feed(t, 1, 0, 5)
	c.expect(t, speech(1))
	c.expect(t, frames(1, 0, 5)...)
	c.feed(t, 1, 5, 10)
	if c.WriteFrame(1, at(10), pcm(1, at(10))) {
		t.Fatal("the window takes more than 200 ms")
	}
	if _, known := c.Played(1); known {
		t.Error("the client has not said anything")
	}
	c.expect(t, frames(1, 5, 10)...)
	c.say(t, voiceproto.Played{Reply: 1, MS: 40})
	c.say(t, voiceproto.Played{Reply: 9, MS: 40})     // never sent: dropped
	c.say(t, voiceproto.Played{Reply: 1, MS: 99_999}) // clamped
	c.heard(2)
	c.ear.mu.Lock()
	want := []voiceproto.ClientMessage{
		voiceproto.Hello{Acks: true, Gain: true},
		voiceproto.Played{Reply: 1, MS: 40},
		voiceproto.Played{Reply: 1, MS: 200},
	}
	if diff := cmp.Diff(want, c.ear.messages); diff != "" {
		t.Errorf("the handler got (-want +got):\n%s", diff)
	}
	c.ear.mu.Unlock()
	if ms, known := c.Played(1); ms != 200 || !known {
		t.Errorf("played %d ms (%t), want 200", ms, known)
	}
	c.feed(t, 1, 10, 20)
	s := c.Stats()
	if s.AcksUnknown != 1 || s.AcksClamped != 1 || s.Acks != 3 || s.WindowFull != 1 {
		t.Errorf("stats are %+v", s)
	}
}

func TestAnOlderReplysFrameIsRefused(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	c.feed(t, 2, 0, 1)
	if c.WriteFrame(1, 0, pcm(1, 0)) {
		t.Error("a frame of an older reply was taken")
	}
}

// A client that never reads: a write blocks, and two seconds later it is closed.
// The kernel has taken little by then.
func TestAClientThatNeverReadsIsClosed(t *testing.T) {
	t.Parallel()
	c := onLoopback(t)
	stop := time.After(soon)
	for n := 0; ; {
		select {
		case <-c.ear.closed:
			c.ear.ended(t, voiceproto.CloseTryAgain, ErrSlow)
			s := c.Stats()
			took := s.FramesSent * frameBytes
			t.Logf("an unread socket took %d kB: %.1f s of audio", took>>10, float64(took)/(2*media.PlayRate))
			if took > 2<<20 {
				t.Errorf("an unread socket took %d bytes", took)
			}
			return
		case <-stop:
			t.Fatalf("still open: %+v", c.Stats())
		case <-time.After(time.Millisecond):
		}
		for c.WriteFrame(1, at(n), pcm(1, at(n))) {
			n++
		}
	}
}
