package turn

import "testing"

// BenchmarkNext measures one decision; the interview actor makes ten to fifty a
// second per call.
func BenchmarkNext(b *testing.B) {
	st := newStage(nil, Config{}, greeting, second)
	st.open()
	st.run(4 * sec)
	listening := st.s
	st.say("I built a payment system for a bank and for a shop.", 2500*ms)
	answering := st.s
	st.run(1600 * ms)
	sounding := st.s
	over, _ := Next(sounding, st.now, SpeechStarted{From: st.now})
	for name, c := range map[string]struct {
		s  State
		ev Event
	}{
		"stale timer":         {listening, Fired{TimerHold, 7}},
		"speech starts":       {listening, SpeechStarted{From: st.now}},
		"partial":             {answering, Partial{Text: "I built a payment system for a bank", From: st.now - 2*sec, To: st.now}},
		"final":               {answering, Final{Segment: 1, Text: "I built a payment system for a bank.", From: st.now - 2*sec, To: st.now}},
		"speech over a reply": {sounding, SpeechStarted{From: st.now}},
		"words over a reply":  {over, Partial{Text: "yeah okay that makes", From: st.now, To: st.now}},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Next(c.s, st.now, c.ev)
			}
		})
	}
}

func BenchmarkHeard(b *testing.B) {
	st := newStage(nil, Config{}, greeting+" "+second+" "+third)
	st.open()
	st.run(sec)
	b.ReportAllocs()
	for b.Loop() {
		st.script.Heard(3 * sec)
	}
}

func BenchmarkChunker(b *testing.B) {
	tokens := []string{"Thank", " you", ".", " What", " was", " the", " hardest", " part", " of", " it", "?"}
	b.ReportAllocs()
	for b.Loop() {
		var c Chunker
		for _, token := range tokens {
			c.Add(token)
		}
		c.Flush()
	}
}
