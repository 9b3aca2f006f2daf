package vad

import "github.com/vantahire/vantahire/interview"

const (
	// lookback is how many windows before the one that opens the gate are run
	// late: 96 ms, so that the network's memory holds the room's sound and the
	// quiet beginning of a word.
	lookback = 3
	// gateHold keeps the gate open after the last loud block: 200 ms, longer
	// than the pauses inside a word.
	gateHold = 200 // ms
	// settleWindows is how many windows without speech the network hears before
	// it may sleep: 1 s. What it remembers then is the room, and a voice is heard
	// as early as if it had never slept: of 300 measured onsets (flite and
	// generated voices, three loudnesses) 4 were later by more than a frame, the
	// mean was 14 ms earlier; with gateHold alone 31 were later.
	settleWindows = 31
	// energySlope maps a level above the noise floor to the probability that
	// stands in for the model's: 18 dB are certain, so speech begins at 9 dB and
	// ends below 6.3 dB with the default thresholds.
	energySlope = 18
	// voiced is the least correlation of neighbouring samples with which sound
	// may begin speech without a model. Measured per window on generated sounds:
	// vowels 0.95 to 0.99, white noise -0.12 to 0.09. Some windows of key clicks
	// reach 0.5; those are left to Config.MinSpeech.
	voiced = 0.3
)

// Event is what a frame brought to light.
type Event int

// The events.
const (
	None Event = iota
	SpeechStarted
	SpeechEnded
)

func (e Event) String() string {
	switch e {
	case None:
		return "none"
	case SpeechStarted:
		return "speech started"
	case SpeechEnded:
		return "speech ended"
	}
	return "unknown"
}

// Result is what is known after a frame.
type Result struct {
	// Event is what this frame decided.
	Event Event
	// At is where speech truly began or ended, back-dated on the media clock:
	// before this frame, and for SpeechEnded about Config.MinSilence before it.
	// Only valid with an Event.
	At interview.Sample
	// Prob is the latest probability of speech, 0 to 1; 0 while the gate is closed.
	Prob float32
	// Speech says whether the candidate is speaking (the short wait at both ends
	// included).
	Speech bool
	// LevelDBFS is the frame's RMS level; -100 for silence.
	LevelDBFS float32
}

// Stats count since the Detector was made; Reset keeps them.
type Stats struct {
	Frames      uint64 // calls of Process with samples
	ModelRuns   uint64 // windows the network heard, the late ones included
	GateSkipped uint64 // windows it never heard
	Jumps       uint64 // frames that did not follow the one before
}

// Detector finds speech in one call. It belongs to one goroutine.
type Detector struct {
	model *Model // nil: energy gate
	cfg   Config
	net   stream
	seg   segments
	level levels
	stats Stats

	started bool
	next    interview.Sample // position of the next sample
	prob    float32

	// samples ends with the window that is being filled. Before it lie the
	// windows that a late opening of the gate runs, and their context.
	samples [contextSize + (lookback+1)*windowSize]float32
	fill    int // samples in the last window
	skipped int // complete windows before it that were not run, at most lookback
	settle  int // windows the network still wants to hear
}

// New makes a Detector for one call. m may be nil: then the level above the
// noise floor decides alone. Settings out of bounds (see Config.Validate) are
// the caller's mistake; they do no harm but detect badly.
func New(m *Model, cfg Config) *Detector {
	cfg = cfg.withDefaults()
	return &Detector{model: m, cfg: cfg, seg: newSegments(cfg), level: newLevels(cfg)}
}

// Reset forgets everything but the counts, as for a new call. Speech under way
// ends without an event.
func (d *Detector) Reset() {
	d.seg = newSegments(d.cfg)
	d.level = newLevels(d.cfg)
	d.restart(0)
	d.started = false
}

// Stats returns the counts so far.
func (d *Detector) Stats() Stats { return d.stats }

// Process takes in a frame of 16 kHz audio, usually 20 ms (320 samples), whose
// first sample is at pos. It neither blocks nor allocates; frame is not kept.
//
// Other lengths are allowed: an empty frame changes nothing, and of the events
// of a long one the last is returned. When pos does not follow the frame before,
// the sound in between is unknown and nothing that depends on its continuity is
// carried over; speech goes on over a gap shorter than Config.MinSilence and
// otherwise ends where the sound before the jump did.
func (d *Detector) Process(pos interview.Sample, frame []int16) Result {
	var r Result
	if len(frame) > 0 {
		d.stats.Frames++
		switch {
		case !d.started:
			d.started = true
			d.restart(pos)
		case pos != d.next:
			r.Event, r.At = d.jump(pos)
		}
		r.LevelDBFS = decibels(meanPower(squares(frame), len(frame)))
		d.next += interview.Sample(len(frame))
		// Without a model "speech" may be any sound; only the floor can end it.
		d.level.add(frame, d.seg.speaking, d.model != nil)
		d.reblock(frame, &r)
	} else {
		r.LevelDBFS = decibels(silentPower)
	}
	r.Prob, r.Speech = d.prob, d.seg.speaking
	return r
}

// jump starts over at pos, keeping the noise floor and, over a short gap, the
// speech.
func (d *Detector) jump(pos interview.Sample) (event Event, at interview.Sample) {
	d.stats.Jumps++
	gap := pos - d.next
	switch {
	case !d.seg.speaking:
		d.seg.restart()
	case gap < 0 || gap >= d.seg.minSilence:
		event, at = SpeechEnded, d.seg.cut(d.next, &d.level)
		d.seg.restart()
	}
	d.restart(pos)
	return event, at
}

// restart forgets the sound so far.
func (d *Detector) restart(pos interview.Sample) {
	d.next = pos
	d.prob = 0
	d.net.reset()
	d.level.restart(pos)
	clear(d.samples[:])
	d.fill, d.skipped, d.settle = 0, 0, settleWindows
}

// reblock cuts frames into windows.
func (d *Detector) reblock(frame []int16, r *Result) {
	from := d.next - interview.Sample(len(frame)) - interview.Sample(d.fill) // of the window being filled
	for len(frame) > 0 {
		n := min(len(frame), windowSize-d.fill)
		last := d.samples[len(d.samples)-windowSize+d.fill:]
		for i, s := range frame[:n] {
			last[i] = float32(s) / 32768
		}
		d.fill += n
		frame = frame[n:]
		if d.fill < windowSize {
			return
		}
		d.decide(from, r)
		copy(d.samples[:], d.samples[windowSize:])
		d.fill = 0
		from += windowSize
	}
}

// decide judges the complete window at from, if the gate lets it through.
func (d *Detector) decide(from interview.Sample, r *Result) {
	switch {
	case d.model == nil:
		d.prob = d.energy()
		d.push(from, r)
	case d.cfg.AlwaysRun || d.seg.undecided() || d.settle > 0 || from < d.level.loudUntil+milliseconds(gateHold):
		for i := d.skipped; i >= 0; i-- { // those held back, then this one
			d.prob = d.model.run(&d.net, d.samples[(lookback-i)*windowSize:])
			d.stats.ModelRuns++
			if d.settle--; d.prob >= d.seg.stop {
				d.settle = settleWindows
			}
			d.push(from-interview.Sample(i)*windowSize, r)
		}
		d.skipped = 0
	case d.skipped < lookback:
		d.prob = 0
		d.skipped++
	default:
		d.prob = 0
		d.stats.GateSkipped++
	}
}

// push hands on the probability of the window at from.
func (d *Detector) push(from interview.Sample, r *Result) {
	if event, at := d.seg.push(d.prob, from, from+windowSize, &d.level); event != None {
		r.Event, r.At = event, at
	}
}

// energy stands in for the model: how far the last window rises above the noise
// floor. Speech must begin with a vowel-like sound: neighbouring samples of one
// are alike, since its power lies far below 8 kHz; those of white noise and
// clicks are not.
func (d *Detector) energy() float32 {
	samples := d.samples[len(d.samples)-windowSize:]
	var power, alike float32
	for i, s := range samples[1:] {
		power += s * s
		alike += s * samples[i]
	}
	mean := max(power/windowSize, silentPower)
	above := decibels(mean) - decibels(max(d.level.floor.least, d.level.minPower))
	p := min(max(above/energySlope, 0), 1)
	if !d.seg.speaking && alike < voiced*power {
		return 0
	}
	return p
}
