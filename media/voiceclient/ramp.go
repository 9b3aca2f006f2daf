package voiceclient

import "math"

// ramp is a volume that moves linearly, as a browser's gain node does. The zero
// value is 0 dB.
type ramp struct {
	from, goal   float64 // as differences from unity, so that zero is 0 dB
	done, length int64   // samples
}

// to moves from the present level to db within samples.
func (g *ramp) to(db float64, samples int64) {
	*g = ramp{from: g.level() - 1, goal: math.Pow(10, db/20) - 1, length: max(samples, 0)}
}

func (g *ramp) level() float64 {
	if g.done >= g.length {
		return 1 + g.goal
	}
	return 1 + g.from + (g.goal-g.from)*float64(g.done)/float64(g.length)
}

func (g *ramp) apply(pcm []int16) {
	if g.goal == 0 && g.done >= g.length {
		return
	}
	for i, s := range pcm {
		v := math.Round(float64(s) * g.level())
		pcm[i] = int16(max(math.MinInt16, min(math.MaxInt16, v)))
		if g.done < g.length {
			g.done++
		}
	}
}
