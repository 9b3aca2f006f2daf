package vad

const (
	// floorSlice and floorSlices are the memory of the noise floor: the least
	// power of the last 6 x 500 ms. Speech has a gap within 3 s, so that its
	// floor is the room's; a fan that starts is the new floor after 3 s.
	floorSlice  = 50 // blocks
	floorSlices = 6
	// floorAssumed is how many slices the assumption at the start outlives: 1 s.
	// Who speaks from the first moment on has paused once by then.
	floorAssumed = 2
	// floorSmoothing averages single blocks before the minimum is taken: the
	// gaps between the pulses of a deep voice are no noise floor.
	floorSmoothing = 0.4
)

// noiseFloor follows the power of the background by minimum statistics: it
// falls at once and rises only when nothing was quieter for 3 s.
type noiseFloor struct {
	least  float32 // the floor: lowest of slices and current
	smooth float32
	slices [floorSlices]float32
	next   int // slot of slices that is replaced next
	blocks int // in the current slice
	now    float32
}

// restart begins with the assumption of a room at power, so that the first
// sounds are not taken for the background.
func (f *noiseFloor) restart(power float32) {
	*f = noiseFloor{least: power, smooth: power, now: inf}
	for i := range f.slices {
		f.slices[i] = inf
	}
	f.slices[floorAssumed-1] = power
}

// inf is above every power.
const inf = 1e30

// add takes in one block. While hold is set the floor can only fall: what is
// heard is known to be speech.
func (f *noiseFloor) add(power float32, hold bool) {
	f.smooth += floorSmoothing * (power - f.smooth)
	f.now = min(f.now, f.smooth)
	f.least = min(f.least, f.now)
	if f.blocks++; f.blocks < floorSlice || hold {
		return
	}
	f.slices[f.next] = f.now
	f.next = (f.next + 1) % floorSlices
	f.now, f.blocks = inf, 0
	f.least = inf
	for _, s := range f.slices {
		f.least = min(f.least, s)
	}
}
