package vad

import (
	"testing"

	"github.com/vantahire/vantahire/interview"
)

// The share of a core is of one call that sends 50 frames a second.
func benchmarkDetector(b *testing.B, m *Model, clip []int16) {
	d, i := New(m, Config{}), 0
	listen(d, 0, clip[:seconds(4)]) // the noise floor settles
	pos := interview.Sample(seconds(4))
	b.ReportAllocs()
	for b.Loop() {
		d.Process(pos, clip[i:i+frameSize])
		pos += frameSize
		if i += frameSize; i+frameSize > len(clip) {
			i = 0
		}
	}
	perFrame := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(perFrame*50/1e9*100, "%core")
}

func BenchmarkDetectorTalking(b *testing.B) {
	v := voice{pitch: 120}
	benchmarkDetector(b, needModel(b), v.speak(seconds(8), -12))
}

func BenchmarkDetectorSilent(b *testing.B) {
	benchmarkDetector(b, needModel(b), room(seconds(8)))
}

// 40 % speech in turns of 8 s, as a call is.
func BenchmarkDetectorCall(b *testing.B) {
	v := voice{pitch: 120}
	benchmarkDetector(b, needModel(b), mix(join(v.speak(seconds(8), -12), silence(seconds(12))), room(seconds(20))))
}

func BenchmarkEnergyGate(b *testing.B) {
	v := voice{pitch: 120}
	benchmarkDetector(b, nil, v.speak(seconds(8), -12))
}
