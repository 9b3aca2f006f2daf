package media

import (
	"math"
	"slices"
	"testing"
)

// steady returns n samples of the same value.
func steady(n int, v int16) []int16 { return slices.Repeat([]int16{v}, n) }

// maxStep is the largest difference between neighbours.
func maxStep(pcm []int16) int {
	most := 0
	for i := 1; i < len(pcm); i++ {
		d := int(pcm[i]) - int(pcm[i-1])
		most = max(most, d, -d)
	}
	return most
}

func TestGain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		db   float64
		ramp int
		in   int16
		last int16 // sample after the ramp
	}{
		"unity changes nothing":                      {0, 0, 12345, 12345},
		"a duck of 12 dB":                            {-12, 480, 10000, 2512},
		"six dB up":                                  {6, 100, 1000, 1995},
		"amplification saturates":                    {6, 0, 30000, math.MaxInt16},
		"negative samples saturate":                  {6, 0, -30000, math.MinInt16},
		"amplification is limited":                   {200, 0, 1000, 3981},
		"minus infinity is silence":                  {math.Inf(-1), 10, 30000, 0},
		"a NaN is ignored":                           {math.NaN(), 10, 1234, 1234},
		"a negative ramp is none":                    {-6, -5, 1000, 501},
		"a ramp longer than a frame ends on its way": {-20, 960, 10000, 1000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var g Gain
			g.Set(tc.db, tc.ramp)
			var out []int16
			for range 3 {
				frame := steady(PlayFrame, tc.in)
				g.Apply(frame)
				out = append(out, frame...)
			}
			if got := out[len(out)-1]; got != tc.last {
				t.Errorf("last sample = %d, want %d", got, tc.last)
			}
		})
	}
}

func TestGainRampsWithoutAStepAcrossFrames(t *testing.T) {
	t.Parallel()
	var g Gain
	var out []int16
	apply := func(frames int) {
		for range frames {
			frame := steady(PlayFrame, 20000)
			g.Apply(frame)
			out = append(out, frame...)
		}
	}
	apply(1)
	g.Set(-12, 1200) // ends in the middle of the third frame
	apply(2)         // and is turned back on its way
	g.Set(0, 1200)
	apply(4)
	if got := maxStep(out); got > 14 { // 20000 * 0.75 / 1200 = 12.5
		t.Errorf("largest step = %d, want at most 14", got)
	}
	if out[0] != 20000 || out[len(out)-1] != 20000 {
		t.Errorf("ends = %d, %d, want 20000 both", out[0], out[len(out)-1])
	}
	if low := slices.Min(out); low > 9000 {
		t.Errorf("lowest = %d: it did not duck", low)
	}
}

func TestFadeOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ n, samples, step int }{
		"ten ms of a frame":        {PlayFrame, PlayFrame / 2, 130},
		"the whole frame":          {PlayFrame, PlayFrame, 70},
		"more than the frame":      {PlayFrame, 10 * PlayFrame, 70},
		"nothing is silence":       {PlayFrame, 0, 0},
		"negative is silence":      {PlayFrame, -4, 0},
		"an empty frame is no bug": {0, 240, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			frame := steady(tc.n, -30000)
			FadeOut(frame, tc.samples)
			if got := maxStep(frame); got > tc.step {
				t.Errorf("largest step = %d, want at most %d", got, tc.step)
			}
			for i := max(0, min(tc.samples, tc.n)); i < tc.n; i++ {
				if frame[i] != 0 {
					t.Fatalf("sample %d = %d, want silence", i, frame[i])
				}
			}
			if tc.n > 0 && frame[tc.n-1] != 0 {
				t.Errorf("it ends with %d, want 0", frame[tc.n-1])
			}
		})
	}
}

func TestLevelDBFS(t *testing.T) {
	t.Parallel()
	sine := make([]int16, MicFrame)
	for i := range sine {
		sine[i] = int16(math.Round(32767 * math.Sin(2*math.Pi*float64(i)/32)))
	}
	for name, tc := range map[string]struct {
		frame []int16
		want  float64
	}{
		"nothing":                 {nil, SilenceDBFS},
		"silence":                 {make([]int16, MicFrame), SilenceDBFS},
		"a full sine":             {sine, -3.01},
		"the loudest there is":    {steady(MicFrame, math.MinInt16), 0},
		"a tenth of full scale":   {steady(MicFrame, 3277), -20},
		"one sample of the least": {append(make([]int16, 319), 1), SilenceDBFS},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := float64(LevelDBFS(tc.frame)); math.Abs(got-tc.want) > 0.01 {
				t.Errorf("level = %.3f dBFS, want %.2f", got, tc.want)
			}
		})
	}
}
