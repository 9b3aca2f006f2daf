package wsaudio

import (
	"encoding/binary"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
)

const (
	frameBytes = 2 * media.PlayFrame
	// ringFrames is how much audio may wait for the writer: 200 ms, as much as
	// may be under way unplayed. More would only make a flush more wasteful.
	ringFrames = 10
)

// frameRing holds the frames that wait for the writer, oldest first, in the
// byte form they have on the wire.
type frameRing struct {
	slots [ringFrames]frame
	head  int // index of the oldest
	n     int // how many are waiting
}

type frame struct {
	reply  interview.ReplyNo
	offset int64 // of the first sample within the reply
	size   int   // bytes used of pcm
	last   bool  // the reply's audio ends with it
	pcm    [frameBytes]byte
}

// push copies pcm, at most media.PlayFrame samples, into the ring. It returns
// false when the ring is full.
func (r *frameRing) push(reply interview.ReplyNo, offset int64, pcm []int16) bool {
	if r.n == ringFrames {
		return false
	}
	f := &r.slots[(r.head+r.n)%ringFrames]
	f.reply, f.offset, f.size, f.last = reply, offset, 2*len(pcm), false
	for i, s := range pcm {
		binary.LittleEndian.PutUint16(f.pcm[2*i:], uint16(s)) // #nosec G115 -- the bits are meant
	}
	r.n++
	return true
}

// oldest is the frame to be sent next, or nil. It is valid until pop.
func (r *frameRing) oldest() *frame {
	if r.n == 0 {
		return nil
	}
	return &r.slots[r.head]
}

// newest is the frame pushed last, or nil.
func (r *frameRing) newest() *frame {
	if r.n == 0 {
		return nil
	}
	return &r.slots[(r.head+r.n-1)%ringFrames]
}

func (r *frameRing) pop() {
	r.head = (r.head + 1) % ringFrames
	r.n--
}
