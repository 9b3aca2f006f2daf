package vad

import (
	"math"

	"github.com/vantahire/vantahire/interview"
)

const (
	// blockSize is the resolution of levels and of back-dating: 10 ms, so that
	// even the pulses of a deep voice (80 Hz) fall into every block.
	blockSize = interview.MicRate / 100
	// levelBlocks is how far back levels are kept: 640 ms, more than any
	// back-dating looks.
	levelBlocks = 64
	// speechRange is how far below the latest peak of speech sound still counts
	// as part of it when its end is looked for: 32 dB. What is lower in a quiet
	// room is the room's echo.
	speechRange = 1585
	// peakFall lets the peak fall by 9 dB a second, for words that fade.
	peakFall = 0.98 // of the power, per block
	// silentPower stands for digital silence: -100 dBFS.
	silentPower = 1e-10
)

// levels measures the sound's power in blocks of 10 ms, remembers the latest of
// them and knows which stand out: of the background, and of the speech's own
// echo. Power is the mean square of samples from -1 to 1.
type levels struct {
	margin   float32 // ratio by which sound must exceed the noise floor
	minPower float32 // what is quieter is never loud

	floor     noiseFloor
	peak      float32          // of the speech under way; 0 without speech
	loudUntil interview.Sample // end of the latest block above the background

	base    interview.Sample // position of the first block
	count   int              // complete blocks since base
	history [levelBlocks]float32
	sum     int64 // of squares in the unfinished block
	fill    int   // samples in it
}

func newLevels(c Config) levels {
	l := levels{margin: powerRatio(c.GateMargin), minPower: powerRatio(c.MinLevel)}
	l.floor.restart(l.minPower)
	return l
}

// restart forgets the sound so far but not the noise floor; the next sample is
// at pos.
func (l *levels) restart(pos interview.Sample) {
	l.base, l.count, l.loudUntil = pos, 0, pos
	l.sum, l.fill = 0, 0
}

// add measures samples. speaking says that they belong to speech, whose peak is
// followed; known, that this is certain, so that the noise floor does not rise.
func (l *levels) add(samples []int16, speaking, known bool) {
	for len(samples) > 0 {
		n := min(len(samples), blockSize-l.fill)
		l.sum += squares(samples[:n])
		l.fill += n
		samples = samples[n:]
		if l.fill < blockSize {
			return
		}
		power := meanPower(l.sum, blockSize)
		l.sum, l.fill = 0, 0
		l.history[l.count%levelBlocks] = power
		l.count++
		if power > l.background() {
			l.loudUntil = l.end()
		}
		l.floor.add(power, speaking && known)
		if speaking {
			l.peak = max(l.peak*peakFall, power)
		} else {
			l.peak = 0
		}
	}
}

// background is the power above which sound stands out of the noise.
func (l *levels) background() float32 { return max(l.floor.least*l.margin, l.minPower) }

// speech is the power above which sound belongs to the speech under way.
func (l *levels) speech() float32 { return max(l.background(), l.peak/speechRange) }

// end is the position up to which blocks are complete.
func (l *levels) end() interview.Sample {
	return l.base + interview.Sample(l.count)*blockSize
}

// lastLoud returns where the latest block above the power threshold ends that
// begins before pos; it looks back to limit and answers false without one.
func (l *levels) lastLoud(threshold float32, pos, limit interview.Sample) (interview.Sample, bool) {
	for n := l.before(pos); l.has(n, limit); n-- {
		if l.history[n%levelBlocks] > threshold {
			return l.base + interview.Sample(n+1)*blockSize, true
		}
	}
	return 0, false
}

// loudSince returns where the stretch above the power threshold begins that
// holds the latest such block before pos. Up to gap quieter blocks in a row are
// part of it. It looks back to limit and answers false without such a block.
func (l *levels) loudSince(threshold float32, pos, limit interview.Sample, gap int) (start interview.Sample, ok bool) {
	quiet := 0
	for n := l.before(pos); l.has(n, limit); n-- {
		if l.history[n%levelBlocks] > threshold {
			start, ok, quiet = l.base+interview.Sample(n)*blockSize, true, 0
		} else if quiet++; ok && quiet > gap {
			break
		}
	}
	return start, ok
}

// before is the number of the last complete block that begins before pos, -1
// without one.
func (l *levels) before(pos interview.Sample) int {
	if pos <= l.base {
		return -1
	}
	return min(int((pos-l.base-1)/blockSize), l.count-1)
}

// has reports whether block n is remembered and ends after limit.
func (l *levels) has(n int, limit interview.Sample) bool {
	return n >= 0 && n >= l.count-levelBlocks && l.base+interview.Sample(n+1)*blockSize > limit
}

// squares is the sum of the samples' squares.
func squares(samples []int16) int64 {
	var sum int64
	for _, s := range samples {
		sum += int64(s) * int64(s)
	}
	return sum
}

// meanPower turns a sum of squares over n samples into a power.
func meanPower(sum int64, n int) float32 {
	return max(float32(sum)/float32(n)/(32768*32768), silentPower)
}

// decibels is the level of a power in dBFS (a full-scale sine has -3).
func decibels(power float32) float32 {
	return float32(10 * math.Log10(float64(power)))
}

// powerRatio is the ratio of powers that db decibels stand for.
func powerRatio(db float32) float32 {
	return float32(math.Pow(10, float64(db)/10))
}
