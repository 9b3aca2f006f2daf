package vad

import (
	"slices"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const frameSize = 320

// seconds is n seconds of audio in samples.
func seconds(n float64) int { return int(n * interview.MicRate) }

// heard is an event with the position after the frame that brought it.
type heard struct {
	event Event
	at    interview.Sample
	when  interview.Sample
}

// listen runs a clip through d in 20 ms frames from position from.
func listen(d *Detector, from interview.Sample, clip []int16) []heard {
	var all []heard
	for i := 0; i+frameSize <= len(clip); i += frameSize {
		pos := from + interview.Sample(i)
		if r := d.Process(pos, clip[i:i+frameSize]); r.Event != None {
			all = append(all, heard{r.Event, r.At, pos + frameSize})
		}
	}
	return all
}

// room is a quiet room's noise.
func room(n int) []int16 {
	s := noise(77)
	return s.white(n, -68)
}

// detectors are the ways to listen that most tests go through.
func detectors(t *testing.T) map[string]func(Config) *Detector {
	m := needModel(t)
	return map[string]func(Config) *Detector{
		"model behind the gate": func(c Config) *Detector { return New(m, c) },
		"model without gate":    func(c Config) *Detector { c.AlwaysRun = true; return New(m, c) },
		"energy gate":           func(c Config) *Detector { return New(nil, c) },
	}
}

func TestSpeechIsReportedWhereItTrulyBeganAndEnded(t *testing.T) {
	t.Parallel()
	for how, detector := range detectors(t) {
		for name, tc := range map[string]struct{ level, noise float64 }{
			"a loud voice in a quiet room":    {-6, -68},
			"a voice of usual loudness":       {-15, -68},
			"a soft voice":                    {-18, -70},
			"a usual voice beside a loud fan": {-12, -45},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				v, s := voice{pitch: 115, noise: 3}, noise(9)
				begin, end := seconds(1.73), seconds(1.73)+seconds(2)
				clip := mix(join(silence(begin), v.speak(seconds(2), tc.level), silence(seconds(2))), s.white(seconds(5.73), tc.noise))
				got := listen(detector(Config{}), 0, clip)
				if len(got) != 2 || got[0].event != SpeechStarted || got[1].event != SpeechEnded {
					t.Fatalf("events = %+v, want one start and one end", got)
				}
				ms := func(s interview.Sample, truth int) time.Duration {
					return (s - interview.Sample(truth)).Duration().Round(time.Millisecond)
				}
				if off := ms(got[0].at, begin); off < -30*time.Millisecond || off > 60*time.Millisecond {
					t.Errorf("the onset is off by %s, want -30 to 60 ms", off)
				}
				if late := ms(got[0].when, begin); late > 170*time.Millisecond {
					t.Errorf("the onset was reported after %s, want at most 170 ms", late)
				}
				if off := ms(got[1].at, end); off < -100*time.Millisecond || off > 60*time.Millisecond {
					t.Errorf("the end is off by %s, want -100 to 60 ms", off)
				}
				if late := (got[1].when - got[1].at).Duration(); late < defaultMinSilence || late > defaultMinSilence+150*time.Millisecond {
					t.Errorf("the end was reported %s after where it is said to be, want 250 to 400 ms", late)
				}
			})
		}
	}
}

func TestTheGateDoesNotDelayOnsets(t *testing.T) {
	t.Parallel()
	m := needModel(t)
	for offset := 0; offset < windowSize; offset += 73 { // phases of the window grid
		s := noise(offset + 1)
		v := voice{pitch: 130, noise: 5}
		n := seconds(3) + offset
		clip := mix(join(silence(n), v.speak(seconds(1), -18), silence(seconds(1))), s.white(n+seconds(2), -62))
		gated := listen(New(m, Config{}), 0, clip)
		always := listen(New(m, Config{AlwaysRun: true}), 0, clip)
		if len(gated) == 0 || len(always) == 0 {
			t.Fatalf("offset %d: events %+v behind the gate, %+v without", offset, gated, always)
		}
		if gated[0].when > always[0].when || gated[0].at > always[0].at+milliseconds(10) {
			t.Errorf("offset %d: the onset came %+v behind the gate, %+v without", offset, gated[0], always[0])
		}
	}
}

func TestSoundsThatAreNoSpeechDoNotStartIt(t *testing.T) {
	t.Parallel()
	s := noise(4)
	sounds := map[string][]int16{
		"minutes of digital silence":     silence(seconds(120)),
		"a quiet room":                   room(seconds(20)),
		"white noise that begins loudly": join(room(seconds(3)), s.white(seconds(5), -20), room(seconds(2))),
		"white noise at full level":      s.white(seconds(4), -5),
		"key clicks, soft":               mix(room(seconds(6)), s.clicks(seconds(6), 2171, -30)),
		"key clicks, loud":               mix(room(seconds(6)), s.clicks(seconds(6), 3001, -3)),
		"a single full-scale sample":     join(room(seconds(1)), []int16{-32768}, silence(seconds(1)-1)),
		"a word below the least level":   mix(room(seconds(3)), join(silence(seconds(1)), (&voice{pitch: 120}).speak(seconds(1), -68), silence(seconds(1)))),
	}
	for how, detector := range detectors(t) {
		for name, clip := range sounds {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				d := detector(Config{})
				if d.cfg.AlwaysRun { // 15 s of each sound are enough where every window costs
					clip = clip[:min(len(clip), seconds(15))]
				}
				if got := listen(d, 0, clip); len(got) != 0 {
					t.Errorf("events = %+v, want none", got)
				}
			})
		}
	}
}

func TestTheModelIsDeafToTones(t *testing.T) {
	t.Parallel()
	m := needModel(t)
	for _, hz := range []float64{440, 1000} {
		if got := listen(New(m, Config{}), 0, join(room(seconds(1)), tone(seconds(5), hz, -12))); len(got) != 0 {
			t.Errorf("a tone of %v Hz: events = %+v, want none", hz, got)
		}
	}
}

func TestSpeechFromTheFirstFrameOnIsHeard(t *testing.T) {
	t.Parallel()
	for how, detector := range detectors(t) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			v := voice{pitch: 110}
			got := listen(detector(Config{}), 5000, v.speak(seconds(1), -15))
			if len(got) == 0 || got[0].event != SpeechStarted || got[0].at < 5000 || got[0].at > 5000+milliseconds(160) {
				t.Errorf("events = %+v, want a start within 160 ms of 5000", got)
			}
		})
	}
}

func TestPausesShorterThanMinSilenceBelongToTheSpeech(t *testing.T) {
	t.Parallel()
	for how, detector := range detectors(t) {
		for name, tc := range map[string]struct {
			pause  time.Duration
			cfg    Config
			events int
		}{
			"150 ms with the default":         {150 * time.Millisecond, Config{}, 2},
			"400 ms with the default":         {400 * time.Millisecond, Config{}, 4},
			"400 ms when 600 ms are required": {400 * time.Millisecond, Config{MinSilence: 600 * time.Millisecond}, 2},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				v := voice{pitch: 125, noise: 8}
				pause := silence(int(interview.SampleAt(tc.pause)))
				clip := join(silence(seconds(1)), v.speak(seconds(1.4), -12), pause, v.speak(seconds(1.4), -12), silence(seconds(1.5)))
				if got := listen(detector(tc.cfg), 0, mix(clip, room(len(clip)))); len(got) != tc.events {
					t.Errorf("events = %+v, want %d", got, tc.events)
				}
			})
		}
	}
}

func TestEventsAlternateAndNeverGoBack(t *testing.T) {
	t.Parallel()
	v, s := voice{pitch: 140, noise: 11}, noise(12)
	var clip []int16
	for i := range 12 {
		clip = join(clip, v.speak(seconds(0.4+0.1*float64(i%4)), -10-2*float64(i)), silence(seconds(0.2+0.11*float64(i%5))))
	}
	clip = mix(clip, s.white(len(clip), -52))
	for how, detector := range detectors(t) {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			got := listen(detector(Config{}), 0, clip)
			if len(got) < 6 {
				t.Fatalf("only %d events", len(got))
			}
			at, want := interview.Sample(0), SpeechStarted
			for _, h := range got {
				if h.event != want || h.at < at || h.at > h.when {
					t.Errorf("%+v after position %d, want %s", h, at, want)
				}
				at = h.at
				want = SpeechStarted + SpeechEnded - want
			}
		})
	}
}

func TestSpeechGoesOnOverAShortGapAndEndsInALongOne(t *testing.T) {
	t.Parallel()
	for how, detector := range detectors(t) {
		for name, tc := range map[string]struct {
			gap  time.Duration
			ends bool
		}{
			"three frames are lost":        {60 * time.Millisecond, false},
			"a connection is lost for 5 s": {5 * time.Second, true},
			"the clock goes back":          {-500 * time.Millisecond, true},
		} {
			t.Run(how+"/"+name, func(t *testing.T) {
				t.Parallel()
				v, d := voice{pitch: 125, noise: 8}, detector(Config{})
				before := mix(join(silence(seconds(1)), v.speak(seconds(1), -12)), room(seconds(2)))
				if got := listen(d, 0, before); len(got) != 1 {
					t.Fatalf("events before the gap = %+v, want a start", got)
				}
				broke := interview.Sample(seconds(2))
				resume := broke + interview.SampleAt(tc.gap)
				r := d.Process(resume, v.speak(frameSize, -12))
				if ended := r.Event == SpeechEnded; ended != tc.ends || r.Speech == tc.ends {
					t.Fatalf("result after the gap = %+v, want an end: %v", r, tc.ends)
				}
				if tc.ends && (r.At > broke || r.At < broke-milliseconds(120)) {
					t.Errorf("speech ended at %d, want just before %d", r.At, broke)
				}
				if n := d.Stats().Jumps; n != 1 {
					t.Errorf("jumps = %d, want 1", n)
				}
				if got := listen(d, resume+frameSize, v.speak(seconds(1), -12)); (len(got) == 1 && got[0].event == SpeechStarted) != tc.ends {
					t.Errorf("events in the speech after the gap = %+v", got)
				}
			})
		}
	}
}

func TestTheLengthOfFramesDoesNotMatter(t *testing.T) {
	t.Parallel()
	v := voice{pitch: 120, noise: 6}
	clip := join(silence(seconds(1)), v.speak(seconds(1), -12), silence(seconds(1)))
	clip = mix(clip, room(len(clip)))
	for how, detector := range detectors(t) {
		want := listen(detector(Config{}), 0, clip)
		for _, size := range []int{1, 7, 319, 480, 1000} {
			d, pos := detector(Config{}), interview.Sample(0)
			var got []interview.Sample
			for part := range slices.Chunk(clip, size) {
				if r := d.Process(pos, part); r.Event != None {
					got = append(got, r.At)
				}
				if r := d.Process(pos+99, nil); r.Event != None || r.LevelDBFS != -100 {
					t.Fatalf("%s: an empty frame gave %+v", how, r)
				}
				pos += interview.Sample(len(part))
			}
			if len(want) != 2 || len(got) != 2 {
				t.Errorf("%s: frames of %d samples: events at %v, want two as at %+v", how, size, got, want)
				continue
			}
			for i := range got {
				if off := got[i] - want[i].at; off < -milliseconds(20) || off > milliseconds(20) {
					t.Errorf("%s: frames of %d samples: event at %d, want within 20 ms of %d", how, size, got[i], want[i].at)
				}
			}
		}
	}
}

func TestResetBehavesLikeANewDetector(t *testing.T) {
	t.Parallel()
	v := voice{pitch: 120, noise: 6}
	clip := mix(join(silence(seconds(1)), v.speak(seconds(1), -12), silence(seconds(1))), room(seconds(3)))
	for how, detector := range detectors(t) {
		d := detector(Config{})
		want := listen(d, 0, clip)
		frames := d.Stats().Frames
		listen(d, 0, clip[:seconds(1.5)]) // leave it in the middle of speech
		d.Reset()
		if got := listen(d, 0, clip); !slices.Equal(got, want) {
			t.Errorf("%s: events after Reset = %+v, want %+v", how, got, want)
		}
		if d.Stats().Frames <= frames {
			t.Errorf("%s: Reset lost the counts", how)
		}
	}
}

func TestTheGateSavesTheModelFromQuiet(t *testing.T) {
	t.Parallel()
	m, s := needModel(t), noise(21)
	v := voice{pitch: 120, noise: 6}
	for name, tc := range map[string]struct {
		clip     []int16
		min, max uint64 // of runs per 100 windows
	}{
		"digital silence":          {silence(seconds(120)), 0, 1},
		"a quiet room":             {room(seconds(120)), 0, 1},
		"a loud steady fan":        {s.white(seconds(60), -35), 0, 5},
		"40 percent speech":        {mix(join(v.speak(seconds(24), -15), silence(seconds(36))), s.white(seconds(60), -60)), 38, 46},
		"speech without any pause": {v.speak(seconds(10), -15), 95, 100},
		"the energy gate":          {nil, 0, 0},
	} {
		d := New(m, Config{})
		if tc.clip == nil {
			d, tc.clip = New(nil, Config{}), room(seconds(10))
		}
		listen(d, 0, tc.clip)
		windows := uint64(len(tc.clip) / windowSize)
		got := d.Stats()
		if share := (100*got.ModelRuns + windows - 1) / windows; share < tc.min || share > tc.max {
			t.Errorf("%s: the model ran for %d %% of the windows, want %d to %d (%+v)", name, share, tc.min, tc.max, got)
		}
		if sum := got.ModelRuns + got.GateSkipped; d.model != nil && (sum > windows || sum+lookback < windows) {
			t.Errorf("%s: %d windows run and skipped of %d", name, sum, windows)
		}
	}
}

func TestTheNoiseFloorFollowsAFanThatStarts(t *testing.T) {
	t.Parallel()
	s := noise(31)
	v := voice{pitch: 120, noise: 6}
	for how, detector := range detectors(t) {
		d := detector(Config{})
		fan := s.white(seconds(12), -35)
		if got := listen(d, 0, join(room(seconds(3)), fan)); len(got) != 0 {
			t.Errorf("%s: the fan alone gave %+v", how, got)
		}
		at := interview.Sample(seconds(15))
		got := listen(d, at, mix(v.speak(seconds(1), -6), fan))
		if len(got) != 1 || got[0].event != SpeechStarted {
			t.Errorf("%s: speech over the fan gave %+v, want a start", how, got)
		}
	}
}

func TestTheLevelIsInDecibelsOfFullScale(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		frame []int16
		want  float32
	}{
		"silence":           {silence(frameSize), -100},
		"a full-scale sine": {tone(frameSize, 1000, 0), -3.01},
		"a sine at -20":     {tone(frameSize, 1000, -20), -23.01},
	} {
		if got := New(nil, Config{}).Process(0, tc.frame).LevelDBFS; got < tc.want-0.05 || got > tc.want+0.05 {
			t.Errorf("%s: level = %v dBFS, want %v", name, got, tc.want)
		}
	}
}

func TestProcessDoesNotAllocate(t *testing.T) {
	v := voice{pitch: 120}
	speech := v.speak(seconds(2), -12)
	for how, detector := range detectors(t) {
		d, pos, i := detector(Config{}), interview.Sample(0), 0
		if n := testing.AllocsPerRun(300, func() {
			d.Process(pos, speech[i:i+frameSize])
			pos += frameSize
			if i += frameSize; i == len(speech) {
				i, pos = 0, pos+seconds20 // a jump is part of the budget
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations per frame, want 0", how, n)
		}
	}
}

const seconds20 = 20 * interview.MicRate

// FuzzProcess feeds arbitrary samples, lengths and positions: what comes out
// must stay within its bounds, and events must alternate.
func FuzzProcess(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3}, int64(0), uint16(320))
	f.Add([]byte{255, 127, 0, 128}, int64(-5), uint16(1))
	f.Add([]byte{}, int64(1<<40), uint16(2000))
	f.Fuzz(func(t *testing.T, raw []byte, pos int64, repeat uint16) {
		frame := make([]int16, 0, 4096)
		for i := 0; len(raw) > 1 && len(frame) < int(repeat)%4096; i += 2 {
			frame = append(frame, int16(raw[i%(len(raw)-1)])|int16(raw[(i+1)%len(raw)])<<8)
		}
		pos %= 1 << 50
		for _, m := range []*Model{model, nil} {
			d, last, at := New(m, Config{}), SpeechEnded, interview.Sample(pos)
			for i := range 20 {
				r := d.Process(at, frame)
				if r.Prob < 0 || r.Prob > 1 || r.LevelDBFS < -100.1 || r.LevelDBFS > 0.1 {
					t.Fatalf("result out of bounds: %+v", r)
				}
				if len(frame) <= frameSize && r.Event != None {
					if r.Event == last {
						t.Fatalf("two times %s", r.Event)
					}
					last = r.Event
				}
				if at += interview.Sample(len(frame)); i%7 == 6 {
					at += interview.Sample(len(raw)) * 100
				}
			}
		}
	})
}
