package soundcode

import (
	"math/rand"
	"testing"
)

func reportCore(b *testing.B, samples, rate int) {
	perRun := float64(b.Elapsed().Nanoseconds()) / float64(b.N) / 1e9
	b.ReportMetric(perRun/(float64(samples)/float64(rate))*100, "%core")
}

func BenchmarkSpeak(b *testing.B) {
	text, n := said(), 0
	b.ReportAllocs()
	for b.Loop() {
		pcm, _ := Voice{}.Speak(text, 24000)
		n = len(pcm)
	}
	reportCore(b, n, 24000)
}

func benchmarkListen(b *testing.B, pcm []int16, rate int) {
	l := NewListener(rate)
	frame, at := rate/50, 0
	b.ReportAllocs()
	for b.Loop() {
		l.Hear(pcm[at : at+frame])
		if at += frame; at+frame > len(pcm) {
			at = 0
		}
	}
	reportCore(b, frame, rate)
}

func BenchmarkListenToTheVoice(b *testing.B) {
	pcm, _ := Voice{}.Speak(said(), 16000)
	benchmarkListen(b, pcm, 16000)
}

func BenchmarkListenToTheVoiceAt48kHz(b *testing.B) {
	pcm, _ := Voice{}.Speak(said(), 48000)
	benchmarkListen(b, pcm, 48000)
}

func BenchmarkListenToTheVoiceInNoise(b *testing.B) {
	pcm, _ := Voice{}.Speak(said(), 16000)
	benchmarkListen(b, noisy(pcm, 20), 16000)
}

func BenchmarkListenToNoise(b *testing.B) {
	r := rand.New(rand.NewSource(1))
	pcm := make([]int16, 160000)
	for i := range pcm {
		pcm[i] = int16(r.NormFloat64() * 1000)
	}
	benchmarkListen(b, pcm, 16000)
}

func BenchmarkListenToOtherSpeech(b *testing.B) { benchmarkListen(b, babble(20), 16000) }

func BenchmarkListenToSilence(b *testing.B) { benchmarkListen(b, make([]int16, 16000), 16000) }
