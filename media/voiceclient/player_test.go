package voiceclient

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
)

var start = time.Unix(1_700_000_000, 0)

// at is a moment after the start.
func at(ms int) time.Time { return start.Add(time.Duration(ms) * time.Millisecond) }

// ms is a length in samples.
func ms(n int64) int64 { return n * samplesPerMS }

// packetOf is a 20 ms packet whose samples count up from first.
func packetOf(first int64) []byte {
	raw := make([]byte, 2*media.PlayFrame)
	for i := range media.PlayFrame {
		binary.LittleEndian.PutUint16(raw[2*i:], uint16(first+int64(i)))
	}
	return raw
}

// band is a player under test with what it was fed.
type band struct {
	player
	sent map[interview.ReplyNo]int64
}

func newBand() *band {
	return &band{player: player{obey: true, keep: true}, sent: map[interview.ReplyNo]int64{}}
}

// feed delivers n packets of a reply at once.
func (b *band) feed(when int, reply interview.ReplyNo, n int) {
	if b.reply != reply {
		b.speech(voiceproto.Speech{Reply: reply, Rate: media.PlayRate})
	}
	for range n {
		b.packet(at(when), packetOf(b.sent[reply]))
		b.sent[reply] += int64(media.PlayFrame)
	}
}

func TestPlayout(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play  func(b *band)
		until int // ms
		check func(t *testing.T, b *band)
	}{
		"plays at once and in real time": {
			play:  func(b *band) { b.feed(0, 1, 10) },
			until: 150,
			check: func(t *testing.T, b *band) {
				want(t, "played", b.known(1).Played, ms(150))
				want(t, "spans", b.known(1).Spans, []Span{{At: at(0), Samples: ms(150)}})
			},
		},
		"counts a gap when a packet is late": {
			play:  func(b *band) { b.feed(0, 1, 2); b.feed(70, 1, 2) },
			until: 200,
			check: func(t *testing.T, b *band) {
				want(t, "gaps", b.known(1).Gaps, []Gap{{At: at(40), Length: 30 * time.Millisecond}})
				want(t, "spans", b.known(1).Spans, []Span{{At: at(0), Samples: ms(40)}, {At: at(70), From: ms(40), Samples: ms(40)}})
			},
		},
		"a pause between two replies is no gap": {
			play:  func(b *band) { b.feed(0, 1, 2); b.complete(at(10), 1); b.feed(500, 2, 2) },
			until: 600,
			check: func(t *testing.T, b *band) {
				want(t, "gaps", len(b.known(1).Gaps)+len(b.known(2).Gaps), 0)
				want(t, "played out", b.over, []interview.ReplyNo{1})
			},
		},
		"one reply follows the other without a pause": {
			play:  func(b *band) { b.feed(0, 1, 2); b.complete(at(0), 1); b.feed(0, 2, 2); b.complete(at(0), 2) },
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "spans", b.known(2).Spans, []Span{{At: at(40), Samples: ms(40)}})
				want(t, "played out", b.over, []interview.ReplyNo{1, 2})
			},
		},
		"holds in place and goes on with the next sample": {
			play: func(b *band) {
				b.feed(0, 1, 10)
				b.control(at(33), voiceproto.Hold{Reply: 1})
				b.control(at(500), voiceproto.Release{Reply: 1})
			},
			until: 900,
			check: func(t *testing.T, b *band) {
				r := b.known(1)
				want(t, "spans", r.Spans, []Span{{At: at(0), Samples: ms(33)}, {At: at(500), From: ms(33), Samples: ms(167)}})
				want(t, "holds", r.Holds, []Hold{{From: at(33), To: at(500)}})
				want(t, "gaps", len(r.Gaps), 0)
				want(t, "acks", b.acks[0], voiceproto.Played{Reply: 1, MS: 33})
			},
		},
		"a reply held before it begins does not begin": {
			play: func(b *band) {
				b.feed(0, 1, 1)
				b.control(at(1), voiceproto.Hold{Reply: 2})
				b.feed(2, 2, 5)
			},
			until: 400,
			check: func(t *testing.T, b *band) {
				want(t, "played of 1", b.known(1).Played, ms(20))
				want(t, "played of 2", b.known(2).Played, int64(0))
				want(t, "played out", b.over, []interview.ReplyNo{1})
			},
		},
		"a flush drops what is left and tells how far it came": {
			play: func(b *band) {
				b.feed(0, 1, 10)
				b.control(at(45), voiceproto.Flush{Reply: 1})
				b.complete(at(45), 1)
				b.feed(60, 1, 3) // must not come
				b.feed(80, 2, 1)
			},
			until: 400,
			check: func(t *testing.T, b *band) {
				r := b.known(1)
				want(t, "played", r.Played, ms(45))
				want(t, "after the flush", r.AfterFlush, 3)
				want(t, "flushed", r.Flushed, at(45))
				want(t, "acks", b.acks[0], voiceproto.Played{Reply: 1, MS: 45})
				want(t, "played of 2", b.known(2).Played, ms(20))
				want(t, "played out", b.over, []interview.ReplyNo(nil))
			},
		},
		"a flush ends a hold": {
			play: func(b *band) {
				b.feed(0, 1, 10)
				b.control(at(20), voiceproto.Hold{Reply: 1})
				b.control(at(50), voiceproto.Flush{Reply: 1})
				b.feed(60, 2, 1)
			},
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "holds", b.known(1).Holds, []Hold{{From: at(20), To: at(50)}})
				want(t, "played of 2", b.known(2).Played, ms(20))
			},
		},
		"a flush of what was played to its end changes nothing": {
			play: func(b *band) {
				b.feed(0, 1, 1)
				b.complete(at(0), 1)
				b.control(at(100), voiceproto.Flush{Reply: 1})
			},
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "flushed", b.known(1).Flushed.IsZero(), true)
				want(t, "played out", b.over, []interview.ReplyNo{1})
			},
		},
		"a flush of an older reply leaves the newer one": {
			play: func(b *band) {
				b.feed(0, 1, 2)
				b.feed(0, 2, 2)
				b.control(at(50), voiceproto.Flush{Reply: 1})
			},
			until: 100,
			check: func(t *testing.T, b *band) { want(t, "played of 2", b.known(2).Played, ms(40)) },
		},
		"orders for other replies are ignored": {
			play: func(b *band) {
				b.feed(0, 2, 5)
				b.control(at(5), voiceproto.Hold{Reply: 1})
				b.control(at(5), voiceproto.Gain{Reply: 1, DB: -60})
				b.control(at(5), voiceproto.Release{Reply: 2})
				b.control(at(5), voiceproto.Flush{Reply: 1})
			},
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "played", b.known(2).Played, ms(100))
				want(t, "replies", len(b.replies), 1)
			},
		},
		"a plain client obeys nothing": {
			play: func(b *band) {
				b.obey = false
				b.feed(0, 1, 5)
				b.control(at(5), voiceproto.Hold{Reply: 1})
				b.control(at(5), voiceproto.Flush{Reply: 1})
			},
			until: 100,
			check: func(t *testing.T, b *band) { want(t, "played", b.known(1).Played, ms(100)) },
		},
		"a server without announcements is heard as well": {
			play:  func(b *band) { b.packet(at(0), packetOf(0)) },
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "played", b.known(0).Played, ms(20))
				want(t, "acks", len(b.acks), 0)
			},
		},
		"a reply that comes back begins where it says": {
			play: func(b *band) {
				b.speech(voiceproto.Speech{Reply: 3, Rate: media.PlayRate, From: 2000})
				b.packet(at(0), packetOf(0))
			},
			until: 100,
			check: func(t *testing.T, b *band) {
				want(t, "position", b.known(3).Position, ms(2020))
				want(t, "acks", b.acks[0], voiceproto.Played{Reply: 3, MS: 2020})
			},
		},
		"acknowledges each 100 ms and at the end": {
			play: func(b *band) {
				b.feed(0, 1, 14)
				for now := range 300 {
					b.tick(at(now))
				}
			},
			until: 300,
			check: func(t *testing.T, b *band) {
				want(t, "acks", b.acks, []voiceproto.Played{{Reply: 1, MS: 100}, {Reply: 1, MS: 200}, {Reply: 1, MS: 280}})
			},
		},
		"a server that does not pace is bounded": {
			play:  func(b *band) { b.feed(0, 1, 60*50+7) },
			until: 0,
			check: func(t *testing.T, b *band) {
				want(t, "dropped", b.overrun, 7)
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBand()
			tc.play(b)
			b.catchUp(at(tc.until))
			tc.check(t, b)
		})
	}
}

func want(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestGainMovesWithoutAClick(t *testing.T) {
	t.Parallel()
	b := newBand()
	b.speech(voiceproto.Speech{Reply: 1, Rate: media.PlayRate})
	loud := make([]byte, 2*media.PlayFrame)
	for i := range media.PlayFrame {
		binary.LittleEndian.PutUint16(loud[2*i:], 10_000)
	}
	for range 10 {
		b.packet(at(0), loud)
	}
	b.control(at(40), voiceproto.Gain{Reply: 1, DB: -20, MS: 30})
	b.control(at(100), voiceproto.Gain{Reply: 1, DB: 0, MS: 20})
	b.speech(voiceproto.Speech{Reply: 2, Rate: media.PlayRate})
	b.packet(at(100), loud)
	b.catchUp(at(300))
	pcm := b.known(1).PCM
	for _, tc := range []struct {
		ms   int64
		want int16
	}{{0, 10_000}, {39, 10_000}, {55, 5500}, {71, 1000}, {99, 1000}, {110, 5500}, {121, 10_000}} {
		if got := pcm[ms(tc.ms)]; got < tc.want-10 || got > tc.want+10 {
			t.Errorf("at %d ms the level is %d, want %d", tc.ms, got, tc.want)
		}
	}
	for i := 1; i < len(pcm); i++ {
		if step := math.Abs(float64(pcm[i]) - float64(pcm[i-1])); step > 20 {
			t.Fatalf("sample %d jumps by %.0f", i, step)
		}
	}
	if got := b.known(2).PCM[0]; got != 10_000 {
		t.Errorf("a new reply begins at %d, want 0 dB", got)
	}
}

// Whatever is held and released in between, what is played is what was sent, in
// order, each sample once, never earlier than it came.
func TestNothingIsLostOrDoubled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b := newBand()
		now := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.IntRange(0, 60).Draw(t, "wait")
			switch rapid.IntRange(0, 4).Draw(t, "step") {
			case 0, 1:
				b.feed(now, 1, rapid.IntRange(1, 5).Draw(t, "packets"))
			case 2:
				b.control(at(now), voiceproto.Hold{Reply: 1})
			case 3:
				b.control(at(now), voiceproto.Release{Reply: 1})
			case 4:
				b.tick(at(now))
			}
		}
		b.control(at(now), voiceproto.Release{Reply: 1})
		b.catchUp(at(now + 60_000))
		r := b.known(1)
		if r == nil {
			return
		}
		if int64(len(r.PCM)) != b.sent[1] {
			t.Fatalf("played %d samples, %d were sent", len(r.PCM), b.sent[1])
		}
		for i, s := range r.PCM {
			if s != int16(i) {
				t.Fatalf("sample %d is %d", i, s)
			}
		}
		end, pos := start, int64(0)
		for _, s := range r.Spans {
			if s.At.Before(end) || s.From != pos {
				t.Fatalf("span %+v begins before %s or not at %d", s, end, pos)
			}
			end, pos = s.At.Add(durationOf(s.Samples)-time.Microsecond), s.From+s.Samples
		}
		last := int64(-1)
		for _, a := range b.acks {
			if a.MS < last {
				t.Fatalf("acknowledged %d ms after %d", a.MS, last)
			}
			last = a.MS
		}
	})
}

func TestTimelinePutsSilenceWhereNothingPlayed(t *testing.T) {
	t.Parallel()
	b := newBand()
	b.feed(100, 1, 2)
	b.feed(200, 2, 1)
	b.catchUp(at(1000))
	line := Recording{Began: start, Replies: []Reply{b.known(1).clone(), b.known(2).clone()}}.Timeline()
	if got, want := int64(len(line)), ms(220); got != want {
		t.Fatalf("the timeline has %d samples, want %d", got, want)
	}
	for _, tc := range []struct{ ms, want int64 }{{0, 0}, {99, 0}, {101, ms(1)}, {139, ms(39)}, {141, 0}, {201, ms(1)}} {
		if got := int64(line[ms(tc.ms)]); got != tc.want {
			t.Errorf("at %d ms the sample is %d, want %d", tc.ms, got, tc.want)
		}
	}
}

// Whatever a server sends, the player survives it.
func FuzzPlayer(f *testing.F) {
	f.Add([]byte(`{"type":"speech","reply":1,"rate":24000}` + "\n\x01\x02\x03\x04\n" + `{"type":"hold","reply":1}` + "\n" +
		`{"type":"gain","reply":1,"db":-14,"ms":30}` + "\n" + `{"type":"release","reply":1}` + "\n" + `{"type":"flush","reply":1}`))
	f.Add([]byte(`{"type":"gain","reply":1,"db":1e308,"ms":-9223372036854775808}` + "\nabcdef\n" +
		`{"type":"speech","reply":2,"from":9223372036854775807}` + "\nabcdef\n" + `{"type":"audio_complete","reply":4294967295}`))
	f.Add([]byte(`{"type":"release"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := player{obey: true, keep: true}
		for i, line := range bytes.Split(raw, []byte("\n")) {
			now := at(i)
			switch m, err := voiceproto.DecodeServer(line); m := m.(type) {
			case voiceproto.Speech:
				p.speech(m)
			case voiceproto.AudioComplete:
				p.complete(now, m.Reply)
			default:
				if err != nil {
					p.packet(now, line)
				}
				p.control(now, m)
			}
			p.tick(now)
			p.wait()
		}
		p.catchUp(at(1 << 20))
		for _, r := range p.replies {
			if int64(len(r.PCM)) != r.Played || r.Played > r.Received {
				t.Fatalf("played %d of %d samples and kept %d", r.Played, r.Received, len(r.PCM))
			}
		}
	})
}

func BenchmarkPlayer(b *testing.B) {
	p := player{obey: true}
	p.speech(voiceproto.Speech{Reply: 1, Rate: media.PlayRate})
	raw := packetOf(0)
	now := start
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(media.FrameDur)
		p.packet(now, raw)
		p.tick(now)
		p.acks = p.acks[:0]
	}
}
