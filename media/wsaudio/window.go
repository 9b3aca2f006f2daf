package wsaudio

import (
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

const (
	// sendWindow is how much audio a client that acknowledges may have been sent
	// and not have played (design section 4): it hides 100 ms between two
	// acknowledgements and 100 ms of network jitter.
	sendWindow = 200 * time.Millisecond
	// maxRTTAllowance bounds what the round trip adds to the window. Audio on its
	// way there and acknowledgements on their way back are in nobody's buffer;
	// without the allowance the window would let through less than real time
	// beyond a round trip of 100 ms.
	maxRTTAllowance = 300 * time.Millisecond
	// leadAcked is how far ahead of real time the pacer may be for a client that
	// acknowledges: with 100 ms between acknowledgements it just fills the window.
	leadAcked = 100 * time.Millisecond
	// leadPlain is the same for a client that does not (design section 4).
	leadPlain = 60 * time.Millisecond
	// settleAfter is how long the unacknowledged end of an older reply counts once
	// a newer one has begun. A client that forgets its last acknowledgement must
	// not be silent for ever.
	settleAfter = time.Second
	// rememberReplies is for how many replies acknowledgements are still taken. A
	// client plays one at a time; the one flushed just before matters as well.
	rememberReplies = 8
)

// samplesPerMS is the resolution of acknowledgements.
const samplesPerMS = media.PlayRate / 1000

// spoken is what a connection knows about a reply. Positions are samples from
// the reply's start.
type spoken struct {
	reply  interview.ReplyNo
	base   int64 // the first frame's offset
	next   int64 // behind the last accepted frame
	wired  int64 // behind the last frame whose write has begun
	played int64 // as acknowledged, within base..wired
	acked  bool  // the client has said something
	before int64 // samples the connection had accepted before this reply
}

// sendState is the send window: what was accepted, written and acknowledged.
type sendState struct {
	acks     bool // the client acknowledges
	accepted int64
	played   int64 // of those accepted, by acknowledgement, flush or settling
	settleBy time.Time
	rtt      time.Duration // 0 until measured

	replies [rememberReplies]spoken // a ring
	count   int                     // replies begun so far
}

// current is the reply begun last, or nil.
func (s *sendState) current() *spoken {
	if s.count == 0 {
		return nil
	}
	return &s.replies[(s.count-1)%rememberReplies]
}

// find returns the newest record of reply, or nil when it was not heard of or is
// forgotten.
func (s *sendState) find(reply interview.ReplyNo) *spoken {
	for i := s.count - 1; i >= max(0, s.count-rememberReplies); i-- {
		if r := &s.replies[i%rememberReplies]; r.reply == reply {
			return r
		}
	}
	return nil
}

// lead is how far ahead of real time frames may be sent.
func (s *sendState) lead() time.Duration {
	if s.acks {
		return leadAcked
	}
	return leadPlain
}

// limit is the size of the window in samples.
func (s *sendState) limit() int64 {
	return samplesOf(sendWindow + min(s.rtt, maxRTTAllowance))
}

// open reports whether n more samples fit into the window.
func (s *sendState) open(n int, now time.Time) bool {
	if !s.acks {
		return true
	}
	if cur := s.current(); cur != nil && now.After(s.settleBy) {
		s.played = max(s.played, cur.before)
	}
	return s.accepted-s.played+int64(n) <= s.limit()
}

// accept notes a frame that was taken.
func (s *sendState) accept(reply interview.ReplyNo, offset int64, n int, now time.Time) {
	cur := s.current()
	if cur == nil || cur.reply != reply || cur.next != offset {
		s.begin(reply, offset, now)
		cur = s.current()
	}
	cur.next += int64(n)
	s.accepted += int64(n)
}

func (s *sendState) begin(reply interview.ReplyNo, offset int64, now time.Time) {
	rec := spoken{reply: reply, base: offset, next: offset, wired: offset, played: offset, before: s.accepted}
	if old := s.find(reply); old != nil { // sent again from an earlier or later place
		rec.played, rec.acked = max(offset, old.played), old.acked
	}
	s.replies[s.count%rememberReplies] = rec
	s.count++
	s.settleBy = now.Add(settleAfter)
}

// wrote notes that the write of a frame begins.
func (s *sendState) wrote(f *frame) {
	if rec := s.find(f.reply); rec != nil {
		rec.wired = max(rec.wired, f.offset+int64(f.size/2))
	}
}

// dropped notes that nothing of reply and of those before will be played.
func (s *sendState) dropped(reply interview.ReplyNo) {
	for i := s.count - 1; i >= max(0, s.count-rememberReplies); i-- {
		if rec := &s.replies[i%rememberReplies]; rec.reply <= reply {
			s.played = max(s.played, rec.before+rec.next-rec.base)
			return
		}
	}
}

// ackResult says what became of an acknowledgement.
type ackResult int

const (
	ackTaken   ackResult = iota
	ackClamped           // the client claims more than it was sent
	ackStale             // it has acknowledged more before
	ackUnknown           // nothing of that reply was sent here
)

// ack takes an acknowledgement and returns the position that holds now.
func (s *sendState) ack(reply interview.ReplyNo, ms int64) (int64, ackResult) {
	rec := s.find(reply)
	if rec == nil {
		return 0, ackUnknown
	}
	pos, result := ms*samplesPerMS, ackTaken
	if pos > rec.wired {
		pos, result = rec.wired, ackClamped
	}
	rec.acked = true
	s.played = max(s.played, rec.before+pos-rec.base)
	if pos < rec.played {
		return rec.played, ackStale
	}
	rec.played = pos
	return pos, result
}

// speakAcks switches to acknowledged sending.
func (s *sendState) speakAcks(on bool, now time.Time) {
	if on && !s.acks {
		s.settleBy = now.Add(settleAfter)
	}
	s.acks = on
}

// roundTrip takes a measurement: down at once, up slowly, so that one late pong
// does not widen the window.
func (s *sendState) roundTrip(d time.Duration) {
	if s.rtt == 0 || d < s.rtt {
		s.rtt = d
		return
	}
	s.rtt += (d - s.rtt) / 8
}

func samplesOf(d time.Duration) int64 { return int64(d) * media.PlayRate / int64(time.Second) }
