package voiceclient

import (
	"encoding/binary"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

const (
	// ackEvery is how often a playing client acknowledges (design section 4).
	ackEvery = 100 * time.Millisecond
	// maxQueue bounds what waits to be played; a server that paces keeps a
	// fraction of a second there.
	maxQueue     = 60 * media.PlayRate
	samplesPerMS = media.PlayRate / 1000
)

// player simulates a browser's playout by the clock: it is asked to catch up
// with a moment whenever something happens, so it is exact to the sample without
// running every 20 ms. Its owner serialises access; moments must not go back.
type player struct {
	obey bool // carry out gain, hold, release and flush
	keep bool

	reply interview.ReplyNo // whose packets arrive
	next  int64             // position of the next packet
	queue []packet
	head  int   // into queue
	ready int64 // samples in queue

	running bool      // samples are being played
	anchor  time.Time // when this run began
	run     int64     // samples played in it
	dry     time.Time // when the queue ran empty; zero when nothing was to follow
	hold    interview.ReplyNo
	gain    ramp
	gainOf  interview.ReplyNo // a new reply begins at 0 dB
	sounds  interview.ReplyNo // whose samples were played last
	ackedAt time.Time

	replies []*Reply
	flushed interview.ReplyNo
	kept    int64
	acks    []voiceproto.Played // to be sent
	over    []interview.ReplyNo // played to their end, to be reported
	overrun int
}

// packet is a binary message that waits, or what is left of it.
type packet struct {
	reply *Reply
	at    int64 // position of pcm[0] within the reply
	pcm   []int16
}

// known returns the record of a reply, or nil.
func (p *player) known(no interview.ReplyNo) *Reply {
	for i := len(p.replies) - 1; i >= 0; i-- {
		if p.replies[i].No == no {
			return p.replies[i]
		}
	}
	return nil
}

// record returns the record of a reply, a new one when there is none.
func (p *player) record(no interview.ReplyNo) *Reply {
	r := p.known(no)
	if r == nil {
		r = &Reply{No: no}
		p.replies = append(p.replies, r)
	}
	return r
}

// speech says where the packets that follow belong.
func (p *player) speech(m voiceproto.Speech) {
	p.reply, p.next = m.Reply, m.From*samplesPerMS
}

// packet takes a binary message. It reports whether it is the first of its
// reply.
func (p *player) packet(now time.Time, raw []byte) (first bool) {
	p.catchUp(now)
	r := p.record(p.reply)
	n := int64(len(raw) / 2)
	at := p.next
	p.next += n
	r.Packets++
	r.Received += n
	r.LastPacket = now
	if r.Packets == 1 {
		r.FirstPacket, first = now, true
	}
	switch {
	case p.obey && p.reply != 0 && p.reply <= p.flushed:
		r.AfterFlush++
		return first
	case p.ready+n > maxQueue:
		p.overrun++
		return first
	}
	pcm := make([]int16, n)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(raw[2*i:])) // #nosec G115 -- the bits are meant
	}
	if p.head > len(p.queue)/2 {
		p.keepQueue(p.queue[p.head:])
	}
	p.queue = append(p.queue, packet{reply: r, at: at, pcm: pcm})
	p.ready += n
	if !p.running && !p.blocked() {
		if !p.dry.IsZero() && p.sounds == r.No && now.After(p.dry) {
			r.Gaps = append(r.Gaps, Gap{At: p.dry, Length: now.Sub(p.dry)})
		}
		p.start(now)
	}
	return first
}

// keepQueue makes rest, a part of the queue, all of it.
func (p *player) keepQueue(rest []packet) {
	n := copy(p.queue, rest)
	clear(p.queue[n:])
	p.queue, p.head = p.queue[:n], 0
}

// blocked reports whether the reply to be played next is held.
func (p *player) blocked() bool {
	return p.ready > 0 && p.hold != 0 && p.queue[p.head].reply.No == p.hold
}

func (p *player) start(now time.Time) {
	if p.ready > 0 && !p.blocked() {
		p.running, p.anchor, p.run, p.ackedAt = true, now, 0, now
	}
}

// catchUp plays what was to be played until now.
func (p *player) catchUp(now time.Time) {
	if !p.running {
		return
	}
	total := samplesIn(now.Sub(p.anchor))
	for p.run < total && p.ready > 0 && !p.blocked() {
		p.play(total - p.run)
	}
	switch {
	case p.blocked():
		p.running = false
		p.finished(p.sounds)
	case p.ready == 0:
		p.running = false
		p.dry = p.anchor.Add(durationOf(p.run))
		p.ack(p.sounds)
		if r := p.known(p.sounds); r != nil && !r.Complete.IsZero() {
			p.finished(p.sounds)
		}
	}
}

// play consumes up to n samples of the packet at the head.
func (p *player) play(n int64) {
	k := &p.queue[p.head]
	n = min(n, int64(len(k.pcm)))
	r := k.reply
	if p.sounds != r.No {
		p.finished(p.sounds)
		p.sounds = r.No
	}
	if p.gainOf != r.No {
		p.gainOf, p.gain = r.No, ramp{}
	}
	if last := len(r.Spans) - 1; last >= 0 && p.run > 0 && r.Position == k.at {
		r.Spans[last].Samples += n
	} else {
		r.Spans = append(r.Spans, Span{At: p.anchor.Add(durationOf(p.run)), From: k.at, Samples: n})
	}
	p.gain.apply(k.pcm[:n])
	if p.keep && p.kept < maxKept {
		r.PCM = append(r.PCM, k.pcm[:n]...)
		p.kept += n
	}
	r.Played += n
	r.Position = k.at + n
	k.pcm, k.at = k.pcm[n:], k.at+n
	p.run += n
	p.ready -= n
	if len(k.pcm) == 0 {
		p.queue[p.head] = packet{}
		p.head++
	}
}

// finished notes, once, that a reply was played to its end.
func (p *player) finished(no interview.ReplyNo) {
	if r := p.known(no); r != nil && !r.over && r.Flushed.IsZero() {
		r.over = true
		p.ack(no)
		p.over = append(p.over, no)
	}
}

// ack queues an acknowledgement of how far no was played.
func (p *player) ack(no interview.ReplyNo) {
	if r := p.known(no); r != nil && no != 0 {
		p.acks = append(p.acks, voiceproto.Played{Reply: no, MS: r.Position / samplesPerMS})
	}
}

// complete says that no packet of the reply follows.
func (p *player) complete(now time.Time, no interview.ReplyNo) *Reply {
	p.catchUp(now)
	r := p.record(no)
	if r.Complete.IsZero() {
		r.Complete = now
	}
	if p.sounds == no && p.ready == 0 {
		p.finished(no)
	}
	return r
}

// playing is the reply at the head of the queue, or the one that sounded last.
func (p *player) playing() interview.ReplyNo {
	if p.ready > 0 {
		return p.queue[p.head].reply.No
	}
	return p.sounds
}

// control carries out what the server asks for.
func (p *player) control(now time.Time, m voiceproto.ServerMessage) {
	if !p.obey {
		return
	}
	p.catchUp(now)
	switch m := m.(type) {
	case voiceproto.Gain:
		p.duck(now, m)
	case voiceproto.Hold:
		if m.Reply > p.flushed && m.Reply >= p.playing() && p.hold == 0 {
			r := p.record(m.Reply)
			r.Holds = append(r.Holds, Hold{From: now})
			p.hold = m.Reply
			p.running = p.running && !p.blocked()
			p.ack(m.Reply)
		}
	case voiceproto.Release:
		if p.hold != 0 && m.Reply == p.hold {
			p.release(now)
			p.resume(now)
		}
	case voiceproto.Flush:
		p.flush(now, m.Reply)
	}
}

// duck changes the volume of the reply that plays, or of one yet to begin.
func (p *player) duck(now time.Time, m voiceproto.Gain) {
	if m.Reply < p.playing() || m.Reply <= p.flushed {
		return
	}
	if p.gainOf != m.Reply {
		p.gainOf, p.gain = m.Reply, ramp{}
	}
	length := time.Duration(m.MS) * time.Millisecond
	r := p.record(m.Reply)
	r.Gains = append(r.Gains, Gain{At: now, DB: m.DB, Ramp: length})
	p.gain.to(min(max(m.DB, media.SilenceDBFS), media.MaxGainDB), samplesIn(length))
}

// release lifts the hold. What was late meanwhile is no gap.
func (p *player) release(now time.Time) {
	holds := p.record(p.hold).Holds
	holds[len(holds)-1].To = now
	p.hold, p.dry = 0, time.Time{}
}

// resume goes on playing when there is something to play.
func (p *player) resume(now time.Time) {
	if !p.running {
		p.start(now)
	}
}

func (p *player) flush(now time.Time, no interview.ReplyNo) {
	if no <= p.flushed {
		return
	}
	p.flushed = no
	if p.hold != 0 && p.hold <= no {
		p.release(now)
	}
	was := p.playing()
	rest := p.head
	for ; rest < len(p.queue) && p.queue[rest].reply.No <= no; rest++ {
		p.queue[rest].reply.Flushed = now
		p.ready -= int64(len(p.queue[rest].pcm))
	}
	p.keepQueue(p.queue[rest:])
	for _, r := range p.replies {
		if r.No <= no && r.Complete.IsZero() && r.Flushed.IsZero() {
			r.Flushed = now
		}
	}
	if was > no {
		return // a newer one plays
	}
	p.ack(was)
	p.running, p.dry = false, time.Time{}
	p.start(now)
}

// tick queues the regular acknowledgement.
func (p *player) tick(now time.Time) {
	p.catchUp(now)
	if p.running && now.Sub(p.ackedAt) >= ackEvery {
		p.ackedAt = now
		p.ack(p.sounds)
	}
}

// wait is when tick is needed next; false when it is not.
func (p *player) wait() (time.Time, bool) {
	if !p.running {
		return time.Time{}, false
	}
	at := p.ackedAt.Add(ackEvery)
	if dry := p.anchor.Add(durationOf(p.run + p.ready)); dry.Before(at) {
		at = dry
	}
	return at, true
}
