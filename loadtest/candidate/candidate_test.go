package candidate

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/media/voiceclient"
	"github.com/vantahire/vantahire/media/voiceproto"
)

func TestMain(m *testing.M) {
	// Candidates wait most of their time, in real time: more of them than cores.
	flag.Parse()
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// run holds a call of two answers against a server with the faults.
func run(t *testing.T, f faults, change func(*Options)) (Report, error) {
	t.Helper()
	s := serve(t, f)
	o := Options{
		API: s.api(), Invitation: Invitation{theID, theToken},
		Answers: []Answer{{Text: "I build things."}, {Text: "With care."}},
	}
	if change != nil {
		change(&o)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return Run(ctx, o)
}

// speak makes the candidate's answers sounds.
func speak(o *Options) {
	for i := range o.Answers {
		o.Answers[i].PCM = tone(900 * time.Millisecond)
	}
}

func TestAGoodCallHasNoProblems(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){"typed": nil, "spoken": speak} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := run(t, faults{}, change)
			if err != nil || len(r.Problems) > 0 {
				t.Fatalf("%v, problems %q", err, r.Problems)
			}
			if len(r.Turns) != 2 || len(r.Said) != 3 || len(r.Lines) != 5 {
				t.Fatalf("%d turns, %d replies, %d lines", len(r.Turns), len(r.Said), len(r.Lines))
			}
			for i, turn := range r.Turns {
				if turn.Latency < 0 || turn.Latency > 30*time.Second || turn.Understood == "" {
					t.Errorf("turn %d: latency %s, understood %q", i+1, turn.Latency, turn.Understood)
				}
			}
			if got := len(r.Said[0].PCM); got != 4800 {
				t.Errorf("%d samples of the first reply were heard, want 4800", got)
			}
		})
	}
}

// What a server does wrong must come out as a problem: a check that can't fail is
// none.
func TestWhatIsWrongIsFound(t *testing.T) {
	t.Parallel()
	without := func(i int) func([]Line) []Line {
		return func(l []Line) []Line { return append(l[:i:i], l[i+1:]...) }
	}
	for name, c := range map[string]struct {
		faults faults
		change func(*Options)
		want   string
	}{
		"a line of the candidate is missing":   {faults{garble: without(1)}, nil, "the candidate's lines are not what was called final"},
		"a line of the interviewer is missing": {faults{garble: without(2)}, nil, "is not its line"},
		"the last line is missing":             {faults{garble: without(4)}, nil, "was heard and is no line"},
		"a line is there twice": {faults{garble: func(l []Line) []Line {
			return append(l[:2:2], append([]Line{{Role: interview.RoleUser, Content: l[1].Content, Seq: 2}}, l[2:]...)...)
		}}, nil, "has seq 2 after 2"},
		"a line nobody heard": {faults{garble: func(l []Line) []Line {
			return append(l, Line{Role: interview.RoleAssistant, Content: "Psst.", Seq: 99})
		}}, nil, `never heard; the first is "Psst."`},
		"lines in another order": {faults{garble: func(l []Line) []Line { l[1], l[3] = l[3], l[1]; return l }}, nil, "has seq"},
		"an altered line": {faults{garble: func(l []Line) []Line {
			l[0].Content = "Something else."
			return l
		}}, nil, "reply 1 is not its line"},
		"nothing is understood":              {faults{deaf: true}, nil, "nothing of answer 1 was understood"},
		"the same question again":            {faults{sameAgain: true}, nil, `"What is your answer?" was asked twice`},
		"the interview is never completed":   {faults{running: true}, nil, "the interview is IN_PROGRESS after its end"},
		"an old packet after the flush":      {faults{long: true, stale: true}, disturbing, "packets of reply 2 came after its flush"},
		"an interruption is ignored":         {faults{long: true, noFlush: true}, disturbing, "reply 2 was not cut by the interruption"},
		"a cough cuts":                       {faults{long: true, coughs: true}, disturbing, "a cough cut reply 4 off"},
		"the old device hears something odd": {faults{keepOld: true}, takingOver, fmt.Sprintf("closed with %d, not 4409", voiceproto.CloseInternal)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := run(t, c.faults, c.change)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(strings.Join(r.Problems, "\n"), c.want) {
				t.Errorf("problems %q, want %q", r.Problems, c.want)
			}
		})
	}
}

func takingOver(o *Options) { speak(o); o.TakeOver = true }

func disturbing(o *Options) {
	speak(o)
	o.BargeIn, o.Interruption, o.Cough = true, Answer{Text: "Wait.", PCM: tone(time.Second)}, tone(140*time.Millisecond)
}

func TestAnInterruptionAndACoughAreTimed(t *testing.T) {
	t.Parallel()
	r, err := run(t, faults{long: true}, disturbing)
	if err != nil || len(r.Problems) > 0 {
		t.Fatalf("%v, problems %q", err, r.Problems)
	}
	if len(r.BargeIns) != 2 {
		t.Fatalf("%d were noted: %+v", len(r.BargeIns), r.BargeIns)
	}
	cut, cough := r.BargeIns[0], r.BargeIns[1]
	if cut.Cough || cut.Reply != 2 || cut.Duck < 0 || cut.Hold < cut.Duck || cut.Decision <= cut.Hold || cut.AfterFlush != 0 {
		t.Errorf("the interruption: %s", cut)
	}
	if cut.Heard != "Thank you." || !strings.HasPrefix(cut.Full, cut.Heard) || cut.Played <= 0 || cut.Played >= longReply {
		t.Errorf("it left %q of %q, %s of it played", cut.Heard, cut.Full, cut.Played)
	}
	if !cough.Cough || cough.Reply != 4 || cough.Decision < cough.Hold || cough.Lost != 0 {
		t.Errorf("the cough: %s", cough)
	}
	if s := cut.String() + cough.String(); !strings.Contains(s, "interruption into reply 2: duck") || !strings.Contains(s, "samples lost 0") {
		t.Errorf("printed as %s", s)
	}
}

func TestALostConnectionAndASecondDeviceGoOn(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Options){
		"drop":     func(o *Options) { speak(o); o.Drop = 200 * time.Millisecond },
		"takeover": takingOver,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := run(t, faults{}, change)
			if err != nil || len(r.Problems) > 0 {
				t.Fatalf("%v, problems %q", err, r.Problems)
			}
			if len(r.Turns) != 2 || len(r.Lines) != 5 {
				t.Errorf("%d turns, %d lines", len(r.Turns), len(r.Lines))
			}
		})
	}
}

func TestACallThatCanNotBeHeldIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults faults
		change func(*Options)
		status int // of the refusal
		want   string
	}{
		"the house is full":  {faults{refuse: 503}, nil, 503, "not now"},
		"a wrong token":      {faults{}, func(o *Options) { o.Invitation.Token = "wrong" }, 401, "Invalid or expired interview token"},
		"nobody there":       {faults{}, func(o *Options) { o.API.Server = "http://127.0.0.1:1" }, 0, "refused"},
		"closed in between":  {faults{closeCode: voiceproto.CloseRevoked}, nil, -1, fmt.Sprintf("the server closed the call: %d", voiceproto.CloseRevoked)},
		"no transcript":      {faults{transcript: 500}, nil, -1, "read transcript of " + string(theID)},
		"a broken handshake": {faults{refuse: 500}, nil, 500, "not now"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := run(t, c.faults, c.change)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			var refused *voiceclient.DialError
			if c.status >= 0 && (!errors.As(err, &refused) || refused.Status != c.status) {
				t.Errorf("%v is no refusal with %d", err, c.status)
			}
		})
	}
}

func TestAnEndedContextEndsTheCall(t *testing.T) {
	t.Parallel()
	s := serve(t, faults{})
	ctx, cancel := context.WithTimeoutCause(t.Context(), 100*time.Millisecond, errors.New("enough"))
	defer cancel()
	r, err := Run(ctx, Options{API: s.api(), Invitation: Invitation{theID, theToken}, Answers: []Answer{{Text: "never said"}}})
	if err == nil || err.Error() != "enough" || len(r.Problems) != 1 {
		t.Errorf("%v, problems %q", err, r.Problems)
	}
}

func TestCreatingAnInterview(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults faults
		key    string
		want   string // "" for success
	}{
		"made":           {faults{}, theKey, ""},
		"a wrong key":    {faults{}, "nope", "401"},
		"refused":        {faults{create: 422}, theKey, "422"},
		"without a link": {faults{noLink: true}, theKey, "no link"},
	} {
		s := serve(t, c.faults)
		api := s.api()
		api.Key = c.key
		got, err := api.Create(t.Context(), "Cook", 15, "required", nil)
		switch {
		case c.want == "" && (err != nil || got != Invitation{theID, theToken}):
			t.Errorf("%s: %+v, %v", name, got, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
