package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/providers/local"
	"github.com/vantahire/vantahire/store/embedded"
)

// defaultAnswers are what the candidate says when it is not told: they fit the
// first questions of a software engineer's plan.
var defaultAnswers = []string{
	"I have worked as a software engineer for six years and now I build the payment system of a small company.",
	"The hardest part was a slow database so I measured every query and then we moved the reports to another machine.",
	"I usually write a test first and then I change one small thing at a time until everything works again.",
}

// interruption is what --barge-in says into the second reply.
const interruption = "sorry can i stop you there for a moment i have a question about the team"

// backchannel is the sound --barge-in makes into a later reply without meaning to
// interrupt. It is voiced: the detector passes over coughs that are mere noise.
const backchannel = "uh huh"

// callOptions are the flags of the call command.
type callOptions struct {
	server, key, role, plan, out, jsonFile, consent string
	interviewID, token                              string
	minutes, calls                                  int
	answers                                         []spoken
	typed, bargeIn, takeOver, ticker                bool
	drop, timeout                                   time.Duration
	voice                                           string
	interruptions                                   int
	ramp, lessModel, lessVoice                      time.Duration
	control                                         string
	reader                                          candidate.Reader // nil: what is heard is not readable
}

// spoken is one answer of the command line: a text, or a WAV file.
type spoken struct{ text, file string }

func parseCall(args []string, errOut io.Writer) (callOptions, error) {
	var o callOptions
	flags := flag.NewFlagSet("vantahire call", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.StringVar(&o.server, "server", orEnv("API_URL", "http://127.0.0.1:3000"), "the server's origin")
	flags.StringVar(&o.key, "key", os.Getenv("VANTAHIRE_DEV_KEY"), "development key (default: the one the server left in its data folder)")
	flags.StringVar(&o.role, "role", "Software Engineer", "the job's role")
	flags.IntVar(&o.minutes, "minutes", 15, "the interview's time limit, 5 to 120")
	flags.StringVar(&o.plan, "plan", "", "file with an own question plan (JSON)")
	flags.StringVar(&o.consent, "consent", "required", "the interview's consent policy: required or implied")
	flags.Func("answer", "an answer to speak; may be repeated", func(s string) error { o.answers = append(o.answers, spoken{text: s}); return nil })
	flags.Func("wav", "WAV file with an answer; may be repeated", func(s string) error { o.answers = append(o.answers, spoken{file: s}); return nil })
	flags.BoolVar(&o.typed, "type", false, "type the answers instead of speaking them")
	flags.StringVar(&o.out, "out", "", "write what was heard to this WAV file")
	flags.BoolVar(&o.bargeIn, "barge-in", false, "interrupt the second reply and cough into the third")
	flags.DurationVar(&o.drop, "drop", 0, "cut the connection within the second answer for so long (15s)")
	flags.BoolVar(&o.takeOver, "takeover", false, "go on with a second device within the second answer")
	flags.StringVar(&o.voice, "voice", "local", "who speaks the answers: local (flite), or code: sound that carries its text, for simulated providers")
	flags.IntVar(&o.interruptions, "interruptions", 0, "with --barge-in: how many replies to interrupt, and as many to cough into")
	flags.DurationVar(&o.ramp, "ramp", 0, "let calls begin over so long (default 40 ms each when there are many)")
	flags.DurationVar(&o.lessModel, "model-delay", 0, "the constant delay of simulated models; with --voice-delay it prints what the engine added")
	flags.DurationVar(&o.lessVoice, "voice-delay", 0, "the constant delay of simulated voices")
	flags.StringVar(&o.control, "control", "", "origin of the simulated providers: bare requests to them beside the calls, as a control")
	flags.IntVar(&o.calls, "calls", 1, "how many calls at once")
	flags.BoolVar(&o.ticker, "ticker", false, "compare a 20 ms ticker of the server before and during the calls")
	flags.StringVar(&o.interviewID, "interview", "", "an existing interview instead of a new one (with --token)")
	flags.StringVar(&o.token, "token", "", "its token")
	flags.StringVar(&o.jsonFile, "json", "", "write the report to this file")
	flags.DurationVar(&o.timeout, "timeout", 15*time.Minute, "give up after")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected %q", flags.Arg(0))
	}
	if (o.interviewID == "") != (o.token == "") {
		return o, errors.New("--interview and --token belong together")
	}
	if o.calls < 1 || o.calls > 1000 || o.calls > 1 && o.interviewID != "" {
		return o, errors.New("--calls takes 1 to 1000, and one interview takes one call")
	}
	if len(o.answers) == 0 {
		for _, a := range defaultAnswers {
			o.answers = append(o.answers, spoken{text: a})
		}
	}
	if (o.drop > 0 || o.takeOver || o.bargeIn) && len(o.answers) < 2 {
		return o, errors.New("--barge-in, --drop and --takeover need at least two answers")
	}
	if o.typed && (o.drop > 0 || o.takeOver || o.bargeIn) {
		return o, errors.New("--barge-in, --drop and --takeover are of spoken answers; leave --type out")
	}
	if o.voice != "local" && o.voice != "code" {
		return o, fmt.Errorf("--voice is %q; use local or code", o.voice)
	}
	if o.interruptions < 0 || o.interruptions > 50 {
		return o, errors.New("--interruptions takes 0 to 50")
	}
	if o.interruptions > 0 {
		o.bargeIn = true
		for i := 0; len(o.answers) < 2*o.interruptions+1; i++ {
			o.answers = append(o.answers, o.answers[i])
		}
	}
	if o.ramp == 0 && o.calls > 8 {
		o.ramp = time.Duration(o.calls) * 40 * time.Millisecond
	}
	o.server = strings.TrimRight(o.server, "/")
	return o, nil
}

// needsVoice reports whether anything has to be spoken here.
func (o callOptions) needsVoice() bool {
	if o.bargeIn {
		return true
	}
	for _, a := range o.answers {
		if a.file == "" && !o.typed {
			return true
		}
	}
	return false
}

func orEnv(key, fallback string) string {
	if v := os.Getenv(key); v != "" {
		return v
	}
	return fallback
}

// call holds an interview from the command line.
func call(ctx context.Context, args []string, out, errOut io.Writer) int {
	o, err := parseCall(args, errOut)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "vantahire call: %v\n", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("the call took longer than %s", o.timeout))
	defer cancel()
	reports, err := runCalls(ctx, o, out)
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "vantahire call: %v\n", err)
		return exitFailed
	}
	status := exitOK
	for _, r := range reports {
		if len(r.Problems) > 0 {
			status = exitFailed
		}
	}
	return status
}

// runCalls prepares the answers once and holds all calls at once.
func runCalls(ctx context.Context, o callOptions, out io.Writer) ([]candidate.Report, error) {
	if o.key == "" && o.interviewID == "" {
		o.key = storedDevKey()
	}
	speaker, speech, err := o.openVoice(ctx)
	if err != nil {
		return nil, err
	}
	if speech != nil {
		defer func() { _ = speech.Close(context.WithoutCancel(ctx)) }()
	}
	answers, err := prepareAnswers(ctx, o, speaker)
	if err != nil {
		return nil, err
	}
	if o.voice == "code" {
		o.reader = codeReader{}
	}
	options := candidate.Options{
		API: candidate.API{Server: o.server, Key: o.key}, Answers: answers, BargeIn: o.bargeIn, Interruptions: o.interruptions, Drop: o.drop, TakeOver: o.takeOver, Reader: o.reader,
	}
	if o.bargeIn {
		options.Interruption.Text = interruption
		if options.Interruption.PCM, err = speaker.say(ctx, interruption); err != nil {
			return nil, fmt.Errorf("speak the interruption: %w", err)
		}
		if options.Cough, err = speaker.cough(ctx); err != nil {
			return nil, fmt.Errorf("speak the cough: %w", err)
		}
	}
	reports := make([]candidate.Report, o.calls)
	var (
		used    callUsage
		control spread
	)
	all := func() {
		used = watchUsage(ctx, options.API, o.calls, func() {
			control = watchControl(ctx, o.control, o.lessModel, func() {
				var wg sync.WaitGroup
				for i := range reports {
					wg.Go(func() {
						select {
						case <-time.After(o.ramp * time.Duration(i) / time.Duration(o.calls)):
						case <-ctx.Done():
						}
						reports[i] = oneCall(ctx, o, options, uint64(i))
					})
				}
				wg.Wait()
			})
		})
	}
	if o.ticker {
		ticks, err := watchTickers(ctx, options.API, all)
		if err != nil {
			return nil, err
		}
		_, _ = fmt.Fprintln(out, ticks)
		if p := ticks.problem(); p != "" {
			reports[0].Problems = append(reports[0].Problems, p)
		}
	} else {
		all()
	}
	p := printer{out: out, speech: speech, options: o}
	for _, r := range reports {
		if o.calls == 1 {
			p.whole(ctx, &r)
			reports[0] = r
		} else {
			p.line(r)
		}
	}
	if o.calls > 1 {
		p.totals(reports, control)
		p.usage(used)
	}
	return reports, p.files(reports)
}

// openVoice finds who speaks the answers. Local speech, which also transcribes back
// what is heard, may be missing when nothing has to be spoken by it.
func (o callOptions) openVoice(ctx context.Context) (voice, *local.Speech, error) {
	if o.voice == "code" {
		return codeVoice{}, nil, nil
	}
	speech, err := local.NewSpeech(ctx, local.SpeechConfig{})
	if err != nil && o.needsVoice() {
		return nil, nil, fmt.Errorf("answers can't be spoken here; use --type or --wav: %w", err)
	}
	if err != nil {
		return nil, nil, nil //nolint:nilerr,nilnil // nothing has to be spoken
	}
	return localVoice{speech}, speech, nil
}

func oneCall(ctx context.Context, o callOptions, options candidate.Options, seed uint64) candidate.Report {
	options.Seed = seed
	if o.interviewID != "" {
		options.Invitation = candidate.Invitation{Interview: interview.ID(o.interviewID), Token: o.token}
	} else {
		plan, err := o.questionPlan()
		if err != nil {
			return candidate.Report{Problems: []string{fmt.Sprintf("read the plan: %v", err)}}
		}
		invitation, err := options.API.Create(ctx, o.role, o.minutes, o.consent, plan)
		if err != nil {
			return candidate.Report{Problems: []string{err.Error()}}
		}
		options.Invitation = invitation
	}
	report, _ := candidate.Run(ctx, options) // the error is among its problems
	return report
}

// questionPlan is the interview's own plan; nil takes the role's.
func (o callOptions) questionPlan() (json.RawMessage, error) {
	switch {
	case o.plan != "":
		return os.ReadFile(o.plan)
	case o.interruptions > 0:
		return drillPlan(len(o.answers) + 4)
	}
	return nil, nil
}

// prepareAnswers speaks the texts and reads the files.
func prepareAnswers(ctx context.Context, o callOptions, speaker voice) ([]candidate.Answer, error) {
	answers := make([]candidate.Answer, len(o.answers))
	for i, a := range o.answers {
		switch {
		case a.file != "":
			pcm, err := readAnswer(a.file)
			if err != nil {
				return nil, err
			}
			answers[i] = candidate.Answer{PCM: pcm}
		case o.typed:
			answers[i] = candidate.Answer{Text: a.text}
		default:
			pcm, err := speaker.say(ctx, a.text)
			if err != nil {
				return nil, fmt.Errorf("speak answer %d: %w", i+1, err)
			}
			answers[i] = candidate.Answer{Text: a.text, PCM: pcm}
		}
	}
	return answers, nil
}

// longestAnswer bounds a WAV file: ten minutes.
const longestAnswer = 10 * 60 * 48000

func readAnswer(path string) ([]int16, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	pcm, rate, err := media.ReadWAV(f, longestAnswer)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return resampled(pcm, rate, media.MicRate)
}

func resampled(pcm []int16, from, to int) ([]int16, error) {
	if from == to {
		return pcm, nil
	}
	r, err := media.NewResampler(from, to)
	if err != nil {
		return nil, err
	}
	return r.Flush(r.Process(nil, pcm)), nil
}

// trimSilence cuts the quiet ends off, so that an answer's end is the moment its
// last word ended.
func trimSilence(pcm []int16) []int16 {
	const quiet = -45 // dBFS
	n := len(pcm) / media.MicFrame
	first, last := 0, n
	for first < n && media.LevelDBFS(pcm[first*media.MicFrame:(first+1)*media.MicFrame]) < quiet {
		first++
	}
	for last > first && media.LevelDBFS(pcm[(last-1)*media.MicFrame:last*media.MicFrame]) < quiet {
		last--
	}
	return pcm[first*media.MicFrame : last*media.MicFrame]
}

// storedDevKey is the key a server on this machine left in its data folder; "" if
// there is none.
func storedDevKey() string {
	dir := os.Getenv("VANTAHIRE_DATA_DIR")
	if dir == "" {
		pg, err := embedded.DefaultDataDir()
		if err != nil {
			return ""
		}
		dir = filepath.Dir(pg)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "dev.key")) //nolint:gosec // the user's own folder
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
