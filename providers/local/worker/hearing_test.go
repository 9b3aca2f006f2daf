package worker

import (
	"strings"
	"testing"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// finals reads results until n finals came.
func (p *parent) finals(n int) []wire.Result {
	p.t.Helper()
	var all []wire.Result
	for len(all) < n {
		f := p.read()
		if f.Kind != wire.KindResult {
			continue
		}
		r, err := wire.Decode[wire.Result](f)
		if err != nil {
			p.t.Fatal(err)
		}
		if r.Final {
			all = append(all, r)
		}
	}
	return all
}

func TestFinalsJoinWhatPausesSeparated(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		sound []int16 // first samples of frames of 20 ms; -1 is Finalize
		want  []string
	}{
		"nothing was said":                {[]int16{-1}, []string{""}},
		"only silence came":               {[]int16{0, 0, 0, -1}, []string{""}},
		"one word":                        {[]int16{0, 1, 0, -1}, []string{"a"}},
		"still speaking when asked":       {[]int16{1, 2, -1}, []string{"a b"}},
		"a pause between words":           {[]int16{1, 0, 0, 2, 3, 0, -1}, []string{"a b c"}},
		"two answers":                     {[]int16{1, 0, -1, 0, 2, 0, -1}, []string{"a", "b"}},
		"asked twice for the same speech": {[]int16{1, -1, -1}, []string{"a", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := serveFakes(t, fakeEngines())
			go func() {
				p.send(wire.KindHear, ear, nil)
				for _, s := range tc.sound {
					if s < 0 {
						p.send(wire.KindFinalize, ear, nil)
					} else {
						p.hear(ear, s, 320)
					}
				}
			}()
			for i, r := range p.finals(len(tc.want)) {
				if r.Text != tc.want[i] || !r.Answers {
					t.Errorf("final %d is %+v, want %q as an answer", i, r, tc.want[i])
				}
			}
		})
	}
}

func TestAFinalKnowsWhereItStandsAndHowSureItIs(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	go func() {
		p.send(wire.KindHear, ear, nil)
		for _, s := range []int16{0, 1, 0, 2, 0} {
			p.hear(ear, s, 320)
		}
		p.send(wire.KindFinalize, ear, nil)
	}()
	r := p.finals(1)[0]
	if r.Through != 5*320 || r.Confidence != 0.5 {
		t.Errorf("through %d with confidence %v, want 1600 with 0.5", r.Through, r.Confidence)
	}
	if len(r.Words) != 2 || r.Words[1].From != 3*320 || r.Words[1].To != 4*320 {
		t.Errorf("words %+v, want the second from 960 to 1280", r.Words)
	}
}

func TestPartialsComeEveryTenthOfASecondAndOnlyWhenTheyChange(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	go func() {
		p.send(wire.KindHear, ear, nil)
		for range 5 { // the first partial is due with the fifth frame
			p.hear(ear, 1, 320)
		}
		for range 20 { // silence changes nothing
			p.hear(ear, 0, 320)
		}
		p.send(wire.KindFinalize, ear, nil)
		p.send(wire.KindStop, ear, nil)
	}()
	var partials []string
	for _, f := range p.until(wire.KindStopped) {
		if f.Kind != wire.KindResult {
			continue
		}
		if r := payload(t, f, wire.Decode[wire.Result]); !r.Final {
			partials = append(partials, r.Text)
		}
	}
	if got := strings.Join(partials, "|"); got != "a a a a a" {
		t.Errorf("partials %q, want one of five words", got)
	}
}

func TestEndlessSpeechIsSettledWithoutBeingAsked(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	frames := 2 * settleWords
	p.send(wire.KindHear, ear, nil)
	var finals []wire.Result
	for i := range frames {
		p.hear(ear, 1, wire.MaxSamples)
		if i == frames-1 {
			go p.send(wire.KindFinalize, ear, nil)
		}
		for _, f := range p.until(wire.KindTook) { // a parent may not run ahead
			if f.Kind == wire.KindResult {
				if r := payload(t, f, wire.Decode[wire.Result]); r.Final {
					finals = append(finals, r)
				}
			}
		}
	}
	finals = append(finals, p.finals(1)...)
	if len(finals) != 2 {
		t.Fatalf("%d finals, want 2", len(finals))
	}
	if finals[0].Answers || !finals[1].Answers {
		t.Errorf("answers = %v, %v; want the first final unasked and the second an answer", finals[0].Answers, finals[1].Answers)
	}
	if n := len(finals[0].Words) + len(finals[1].Words); n != frames {
		t.Errorf("%d words in both finals, want every one of %d once", n, frames)
	}
}

func TestStoppedStreamsStillGiveTheFinalThatWasAskedFor(t *testing.T) {
	t.Parallel()
	p := serveFakes(t, fakeEngines())
	go func() {
		p.send(wire.KindHear, ear, nil)
		p.hear(ear, 1, 320)
		p.send(wire.KindFinalize, ear, nil)
		p.hear(ear, 2, 320)
		p.send(wire.KindStop, ear, nil)
	}()
	var finals []string
	for _, f := range p.until(wire.KindStopped) {
		if f.Kind == wire.KindResult {
			if r := payload(t, f, wire.Decode[wire.Result]); r.Final {
				finals = append(finals, r.Text)
			}
		}
	}
	if len(finals) != 1 || finals[0] != "a" {
		t.Errorf("finals %q, want one: a", finals)
	}
}
