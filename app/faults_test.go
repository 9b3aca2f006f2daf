package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/simulated/groq"
	"github.com/vantahire/vantahire/providers/simulated/suite"
	"github.com/vantahire/vantahire/providers/soundcode"
)

// What the candidates say.
var said = []string{
	"I build the payment system of a small company in Berlin",
	"an index on one table made the monthly report fast again",
	"I write a test first and change one small thing at a time",
}

// Whatever a hosted provider does in the middle of a call, the candidate hears an
// answer, is understood to the word, and both are stored as they were said and
// heard. All cases run at once: candidates wait most of their time.
func TestHostedProvidersFailInTheMiddleOfACall(t *testing.T) {
	var cases sync.WaitGroup
	defer cases.Wait()
	for name, test := range map[string]func(*testing.T){
		"all goes well":                                 allGoesWell,
		"recognition is cut within an utterance":        recognitionIsCut,
		"recognition is cut in every utterance":         recognitionIsCutAgainAndAgain,
		"recognition refuses for three seconds":         recognitionRefuses,
		"the model is silent for two turns":             modelIsSilent,
		"the model stalls in its first sentence":        modelStallsEarly,
		"the model stalls after its first sentence":     modelStallsLate,
		"the voice stalls within a sentence":            voiceStalls,
		"the voice is barred":                           voiceIsBarred,
		"the budget is used up":                         budgetIsUsedUp,
		"the preferred voice tells its words":           preferredVoice,
		"the voice with low latency overrules":          lowLatencyVoice,
		"every provider limits its rate for a while":    everybodyLimits,
		"every provider is down while the answer comes": everybodyIsDown,
	} {
		cases.Go(func() { t.Run(name, test) })
	}
}

func allGoesWell(t *testing.T) {
	s := hosted(t, nil, nil)
	report := s.hold(said[:3], nil)
	faultless(t, report)
	measured := s.events(interview.KindTurnMeasured)
	if len(measured) < 2 {
		t.Errorf("%d turns were measured", len(measured))
	}
	for _, payload := range measured {
		var m interview.TurnMeasured
		if err := json.Unmarshal([]byte(payload), &m); err != nil || m.Turn == 0 || m.Stages["total"] <= 0 {
			t.Errorf("measured was %s (%v)", payload, err)
		}
	}
	body := get(t, s.app.URL()+"/metrics")
	if want := fmt.Sprintf(`vantahire_turn_stage_seconds_count{stage="total"} %d`, len(measured)); !strings.Contains(body, want) {
		t.Errorf("/metrics does not say %s", want)
	}
	if n := s.suite.Cartesia.Journal.Count("speak"); n != 0 {
		t.Errorf("the second voice spoke %d times", n)
	}
	if !strings.Contains(body, "vantahire_apologies_total 0") {
		t.Error("somebody was asked for a moment")
	}
}

func recognitionIsCut(t *testing.T) {
	s := hosted(t, nil, nil)
	s.during(map[int]func(context.Context){2: func(ctx context.Context) {
		sleep(ctx, 1500*time.Millisecond)
		s.trouble(suite.Listen, suite.Cut, 0)
	}})
	faultless(t, s.hold(said[:3], nil))
	if n := s.suite.Listen.Journal.Count("connect"); n < 2 {
		t.Errorf("recognition was dialled %d times", n)
	}
}

func recognitionIsCutAgainAndAgain(t *testing.T) {
	s := hosted(t, nil, nil)
	cut := func(ctx context.Context) {
		sleep(ctx, 2*time.Second)
		s.trouble(suite.Listen, suite.Cut, 0)
	}
	s.during(map[int]func(context.Context){1: cut, 2: cut, 3: cut})
	faultless(t, s.hold(said[:3], nil))
	if n := s.suite.Listen.Journal.Count("connect"); n < 4 {
		t.Errorf("recognition was dialled %d times", n)
	}
	if down := s.events(interview.KindDegraded); len(down) > 0 {
		t.Errorf("the call went on without %q", down)
	}
}

func recognitionRefuses(t *testing.T) {
	s := hosted(t, nil, nil)
	s.during(map[int]func(context.Context){2: func(ctx context.Context) {
		sleep(ctx, time.Second)
		s.trouble(suite.Listen, suite.Limited, 3*time.Second)
		s.trouble(suite.Listen, suite.Cut, 0)
	}})
	faultless(t, s.hold(said[:3], nil))
	if n := s.suite.Listen.Journal.Count("refuse"); n == 0 {
		t.Error("recognition was never refused")
	}
}

// askedForAMoment are the beginnings of a reply whose words took too long.
var askedForAMoment = []string{"One moment, please.", "Sorry, this takes a little longer than usual.", "Please bear with me for a moment."}

func modelIsSilent(t *testing.T) {
	s := hosted(t, nil, nil)
	var completed int
	s.during(map[int]func(context.Context){
		1: func(context.Context) { s.trouble(suite.Groq, suite.Silent, 0) },
		3: func(context.Context) {
			completed = s.suite.Groq.Journal.Count("completion")
			s.trouble(suite.Groq, suite.None, 0)
		},
	})
	report := s.hold(said[:3], nil)
	faultless(t, report)
	asked := 0
	for _, one := range report.Said {
		if slices.ContainsFunc(askedForAMoment, func(words string) bool { return strings.HasPrefix(one.Line, words) }) {
			asked++
		}
	}
	if asked == 0 {
		t.Error("nobody asked for a moment")
	}
	for i, turn := range report.Turns {
		if turn.Latency < 0 || turn.Latency > 15*time.Second {
			t.Errorf("after answer %d the candidate heard nothing for %s", i+1, turn.Latency)
		}
	}
	if s.suite.Groq.Journal.Count("completion") <= completed {
		t.Error("the model was not used again")
	}
}

func modelStallsEarly(t *testing.T) {
	s := hosted(t, nil, nil)
	s.during(map[int]func(context.Context){
		2: func(context.Context) { s.suite.Groq.Faults.Always(groq.Fault{After: 3, Break: groq.Stall}) },
		3: func(context.Context) { s.suite.Groq.Faults.Always(groq.Fault{}) },
	})
	faultless(t, s.hold(said[:3], nil))
}

func modelStallsLate(t *testing.T) {
	s := hosted(t, nil, nil)
	s.during(map[int]func(context.Context){
		1: func(context.Context) { s.suite.Groq.Faults.Always(groq.Fault{After: 12, Break: groq.Stall}) },
		2: func(context.Context) { s.suite.Groq.Faults.Always(groq.Fault{}) },
	})
	report := s.hold(said[:3], nil)
	faultless(t, report)
	put := false
	for _, one := range report.Said {
		put = put || strings.Contains(one.Line, "Tell me about a slow system that you made fast.")
	}
	if !put {
		t.Error("the question that the model did not come to was never put")
	}
	if last := report.Said[len(report.Said)-1].Line; !strings.Contains(last, "write to you") {
		t.Errorf("the interview did not go on to its end but to %q", last)
	}
}

func voiceStalls(t *testing.T) {
	s := hosted(t, nil, nil)
	s.during(map[int]func(context.Context){
		1: func(context.Context) { s.trouble(suite.Speak, suite.Stall, 0) },
	})
	report := s.hold(said[:2], nil)
	faultless(t, report, "sounds otherwise than its line")
	if s.suite.Cartesia.Journal.Count("speak") == 0 {
		t.Error("the second voice never spoke")
	}
	for _, one := range report.Said {
		line, sound := codeReader{}.Words(one.Line), codeReader{}.Read(one.PCM, media.PlayRate)
		repeated := repeats(line, sound)
		if repeated < 0 || repeated > 1 {
			t.Errorf("reply %d sounds otherwise than its line:\n  line:  %q\n  sound: %q", one.Reply, line, sound)
		}
		t.Logf("reply %d: %d words were said twice", one.Reply, repeated)
	}
}

// repeats is how many words of sound repeat the ones before them, the rest being
// line; -1 when it is not.
func repeats(line, sound []string) int {
	n := len(sound) - len(line)
	if n < 0 {
		return -1
	}
	if n == 0 && slices.Equal(line, sound) {
		return 0
	}
	for at := n; n > 0 && at+n <= len(sound); at++ {
		if slices.Equal(sound[at-n:at], sound[at:at+n]) && slices.Equal(line, slices.Delete(slices.Clone(sound), at, at+n)) {
			return n
		}
	}
	return -1
}

func voiceIsBarred(t *testing.T) {
	s := hosted(t, nil, func(all *suite.Suite) { _ = all.Make(suite.Trouble{Provider: suite.Speak, Kind: suite.Barred}) })
	faultless(t, s.hold(said[:2], nil))
	if n := s.suite.Speak.Journal.Count("refuse"); n != 1 {
		t.Errorf("the barred voice was tried %d times", n)
	}
	if n := s.suite.Speak.Journal.Count("speak"); n != 0 {
		t.Errorf("the barred voice spoke %d times", n)
	}
}

func budgetIsUsedUp(t *testing.T) {
	s := hosted(t, map[string]string{"VANTAHIRE_LLM_TOKENS": "600"}, nil)
	report := s.hold(said[:2], nil)
	faultless(t, report, "the interview ended before answer")
	var reason string
	if err := s.app.pool.QueryRow(t.Context(), "SELECT reason FROM interview_end WHERE interview = $1", string(s.invitation.Interview)).Scan(&reason); err != nil || reason != string(interview.EndBudget) {
		t.Errorf("the interview ended for %q (%v)", reason, err)
	}
	if n := len(s.events(interview.KindBudgetSpent)); n != 1 {
		t.Errorf("the budget was used up %d times", n)
	}
	if last := report.Lines[len(report.Lines)-1]; last.Role != interview.RoleAssistant || !strings.Contains(last.Content, "write to you") || last.Interrupted {
		t.Errorf("the last line is %+v, no goodbye", last)
	}
}

func preferredVoice(t *testing.T) {
	exactInterruption(t, map[string]string{"VOICE_TTS_PROVIDER": "cartesia"})
}

func lowLatencyVoice(t *testing.T) {
	exactInterruption(t, map[string]string{"VOICE_TTS_PROVIDER": "deepgram", "VOICE_TTS_LOW_LATENCY": "true"})
}

// exactInterruption cuts into a reply of Cartesia's voice, which tells when it says
// each word: what is stored is what was heard, without a word of tolerance.
func exactInterruption(t *testing.T, env map[string]string) {
	s := hosted(t, env, nil)
	report := s.hold(said[:3], func(o *candidate.Options) {
		o.BargeIn, o.Interruption = true, coded("sorry can I stop you there for a moment")
		o.Cough = soundcode.Cough(media.MicRate)
	})
	faultless(t, report)
	if spoke, other := s.suite.Cartesia.Journal.Count("speak"), s.suite.Speak.Journal.Count("speak"); spoke == 0 || other != 0 {
		t.Errorf("Cartesia's voice spoke %d times, Deepgram's %d times", spoke, other)
	}
	if len(report.BargeIns) == 0 {
		t.Error("nobody was interrupted")
	}
	for _, b := range report.BargeIns {
		t.Log(b)
		if line := (codeReader{}).Words(b.Heard); !b.Cough && !slices.Equal(line, b.Truth) {
			t.Errorf("of reply %d is stored %q, heard was %q", b.Reply, line, b.Truth)
		}
	}
}
