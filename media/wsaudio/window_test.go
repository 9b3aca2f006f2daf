package wsaudio

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

var start = time.Unix(1_700_000_000, 0)

// fill accepts and writes frames of reply from frame n on until the window
// closes, and returns how many there were.
func fill(s *sendState, reply interview.ReplyNo, n int, now time.Time) int {
	taken := 0
	for s.open(media.PlayFrame, now) && taken < 1000 {
		s.accept(reply, at(n+taken), media.PlayFrame, now)
		s.wrote(&frame{reply: reply, offset: at(n + taken), size: frameBytes})
		taken++
	}
	return taken
}

func TestSendWindow(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play func(s *sendState) int
		want int // frames taken
	}{
		"takes 200 ms before the first acknowledgement": {func(s *sendState) int {
			return fill(s, 1, 0, start)
		}, 10},
		"opens by what was played": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.ack(1, 100)
			return fill(s, 1, 10, start)
		}, 5},
		"does not open by what was never sent": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.ack(1, 5000)
			return fill(s, 1, 10, start)
		}, 10},
		"counts the unplayed end of the reply before": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.ack(1, 160)
			return fill(s, 2, 0, start)
		}, 8},
		"takes a newer reply's acknowledgement for the older one's end": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.ack(1, 160)
			fill(s, 2, 0, start)
			s.ack(2, 20)
			return fill(s, 2, 8, start)
		}, 3},
		"forgets a forgotten end after a second": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.ack(1, 180)
			fill(s, 2, 0, start) // 9 frames
			return fill(s, 2, 9, start.Add(settleAfter+1))
		}, 1},
		"is empty after a flush": {func(s *sendState) int {
			fill(s, 1, 0, start)
			s.dropped(1)
			return fill(s, 2, 0, start)
		}, 10},
		"knows the position after a reconnect": {func(s *sendState) int {
			fill(s, 3, 500, start) // from 10 s on
			s.ack(3, 10_100)
			return fill(s, 3, 510, start)
		}, 5},
		"grows by the round trip": {func(s *sendState) int {
			s.roundTrip(120 * time.Millisecond)
			return fill(s, 1, 0, start)
		}, 16},
		"grows by 300 ms at most": {func(s *sendState) int {
			s.roundTrip(5 * time.Second)
			return fill(s, 1, 0, start)
		}, 25},
		"is not there for a client without acknowledgements": {func(s *sendState) int {
			s.acks = false
			return fill(s, 1, 0, start)
		}, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sendState{acks: true}
			if got := tc.play(s); got != tc.want {
				t.Errorf("took %d frames, want %d", got, tc.want)
			}
		})
	}
}

func TestAcknowledgements(t *testing.T) {
	t.Parallel()
	s := &sendState{acks: true}
	fill(s, 1, 0, start) // 200 ms
	for _, step := range []struct {
		say    string
		reply  interview.ReplyNo
		ms     int64
		wantMS int64
		want   ackResult
	}{
		{"nothing yet", 1, 0, 0, ackTaken},
		{"something", 1, 60, 60, ackTaken},
		{"the same again", 1, 60, 60, ackTaken},
		{"less than before", 1, 40, 60, ackStale},
		{"more than was sent", 1, 900, 200, ackClamped},
		{"of a reply nobody sent", 2, 10, 0, ackUnknown},
	} {
		pos, got := s.ack(step.reply, step.ms)
		if got != step.want || pos != step.wantMS*samplesPerMS {
			t.Errorf("%s: position %d ms, result %d; want %d and %d", step.say, pos/samplesPerMS, got, step.wantMS, step.want)
		}
	}
}

func TestOnlyRecentRepliesAreRemembered(t *testing.T) {
	t.Parallel()
	s := &sendState{}
	for no := interview.ReplyNo(1); no <= rememberReplies+1; no++ {
		s.accept(no, 0, media.PlayFrame, start)
	}
	if _, got := s.ack(1, 0); got != ackUnknown {
		t.Error("the oldest reply is still remembered")
	}
	if _, got := s.ack(2, 0); got == ackUnknown {
		t.Error("a recent reply is forgotten")
	}
}

// Whatever a client claims, no more than the window is under way unplayed by
// what it was really sent and could really have played, and what Played tells
// never falls and never exceeds what was sent.
func TestSendWindowHoldsForAnyClient(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &sendState{acks: true}
		reply, n := interview.ReplyNo(1), 0
		told := map[interview.ReplyNo]int64{}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				if s.open(media.PlayFrame, start) {
					s.accept(reply, at(n), media.PlayFrame, start)
					if rapid.Bool().Draw(t, "written") {
						s.wrote(&frame{reply: reply, offset: at(n), size: frameBytes})
					}
					n++
				}
			case 2:
				no := interview.ReplyNo(rapid.IntRange(1, int(reply)+1).Draw(t, "acked"))
				s.ack(no, rapid.Int64Range(0, 100_000).Draw(t, "ms"))
			case 3:
				reply, n = reply+1, 0
			case 4:
				s.dropped(reply)
				reply, n = reply+1, 0
			}
			if under := s.accepted - s.played; under < 0 || under > s.limit() {
				t.Fatalf("%d samples are under way, the window is %d", under, s.limit())
			}
			for i := max(0, s.count-rememberReplies); i < s.count; i++ {
				r := s.replies[i%rememberReplies]
				if r.played > r.wired || r.played < told[r.reply] {
					t.Fatalf("reply %d: played %d, sent %d, told before %d", r.reply, r.played, r.wired, told[r.reply])
				}
				told[r.reply] = r.played
			}
		}
	})
}

func TestBucket(t *testing.T) {
	t.Parallel()
	b := newBucket(50, 100, start)
	takes := func(now time.Time) (n int) {
		for b.take(1, now) {
			n++
		}
		return n
	}
	if n := takes(start); n != 100 {
		t.Errorf("%d at once, want the burst of 100", n)
	}
	if n := takes(start.Add(time.Second)); n != 50 {
		t.Errorf("%d after a second, want the rate of 50", n)
	}
	if n := takes(start); n != 0 {
		t.Errorf("%d from a clock that went back", n)
	}
	if n := takes(start.Add(time.Hour)); n != 100 {
		t.Errorf("%d after an hour, want the burst of 100", n)
	}
}
