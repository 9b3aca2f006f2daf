package media

import (
	"math"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const (
	// FrameDur is the length of every frame, in both directions: what Opus and
	// telephony use, and short enough that one frame more is not heard.
	FrameDur = 20 * time.Millisecond

	// MicRate is the sample rate of what the candidate says, in Hz.
	MicRate = interview.MicRate
	// MicFrame is the number of samples in a frame of what the candidate says.
	MicFrame = MicRate / 50

	// PlayRate is the sample rate of what the candidate hears, in Hz.
	PlayRate = 24000
	// PlayFrame is the number of samples in a frame of what the candidate hears.
	PlayFrame = PlayRate / 50
)

// SilenceDBFS is the level of digital silence: about what 16 bits can express.
const SilenceDBFS = -96

// LevelDBFS is the RMS level of a frame in dB relative to full scale, from
// SilenceDBFS (also for an empty frame) to 0.
func LevelDBFS(frame []int16) float32 {
	var sum int64
	for _, s := range frame {
		sum += int64(s) * int64(s)
	}
	if sum == 0 {
		return SilenceDBFS
	}
	mean := float64(sum) / float64(len(frame)) / (1 << 30)
	return float32(max(10*math.Log10(mean), SilenceDBFS))
}

// playSamples is the number of whole samples of speech in d.
func playSamples(d time.Duration) int64 { return int64(d * PlayRate / time.Second) }

// playTime is how long n samples of speech last.
func playTime(n int64) time.Duration { return time.Duration(n) * time.Second / PlayRate }
