package turn

import (
	"fmt"
	"strings"
	"time"
)

// Config tunes a conversation. A zero field means its default, so Config{} is
// DefaultConfig(). Durations of speech count from its true beginning and end,
// not from the moment the detector was sure.
type Config struct {
	// Written is a conversation in written messages: the candidate may think for as
	// long as it takes and sees only answers, so nobody is spoken to unasked, a
	// restart has nothing to say, and closing words leave the end to the candidate.
	Written bool `json:",omitempty"`

	// EndComplete is the pause that passes a turn whose words sound finished.
	// Defaults to 300 ms: the detector needs 250 ms to be sure of a silence, and
	// cloud recognition settles within 250-350 ms. 150 ms to 3 s.
	EndComplete time.Duration
	// EndUnsure is the pause when the words do not tell. Defaults to 600 ms; at
	// least EndComplete, at most 5 s.
	EndUnsure time.Duration
	// EndDangling is the pause when the words ask for more ("and", "because",
	// "my number is"). Defaults to 1100 ms; at least EndUnsure, at most 8 s.
	EndDangling time.Duration
	// EndOpen is the pause for somebody who said so ("let me think") or who
	// spells or dictates. Defaults to 1500 ms; in effect at least EndDangling, at
	// most 15 s.
	EndOpen time.Duration
	// PatientComplete, PatientUnsure, PatientDangling and PatientOpen take their
	// place after a question that invites thinking. Default to 1.2, 4, 9 and 12 s:
	// a candidate who stops in mid-thought is not cut by a pause of eight seconds,
	// and one who is done has the button or waits a second. At most 30 s; never
	// shorter in effect than the pauses above.
	PatientComplete, PatientUnsure, PatientDangling, PatientOpen time.Duration
	// EndReturned is the least pause after a candidate came back from an absence
	// or a break of his own. Defaults to 2 s; at most 15 s.
	EndReturned time.Duration

	// FinalWait is how long after the end of speech recognition may owe its final
	// before it is asked once more, and FinalRetry how long after that before the
	// turn goes on without it. Default to 1.5 s (Deepgram's p99 is 326 ms; local
	// recognition on a busy machine needs a second) and 500 ms. 200 ms to 10 s,
	// 100 ms to 5 s.
	FinalWait, FinalRetry time.Duration
	// BacklogWait is how long a turn waits for recognition that is behind.
	// Defaults to 12 s: the replay buffer holds 10 s. 1 s to 1 min.
	BacklogWait time.Duration
	// StuckAfter ends speech that the detector still hears although recognition
	// has found no new word for so long (a fan, a television). Defaults to 8 s;
	// 3 s to 1 min.
	StuckAfter time.Duration

	// HoldAfter is how long the candidate must talk over a reply until the reply
	// is held. Defaults to 200 ms: with the way to the ear it is silent within
	// 250 ms of the onset. At most 2 s.
	HoldAfter time.Duration
	// DecideAfter is how long speech over a reply lasts, as the detector sees it,
	// until it is an interruption whatever its words; its own 250 ms of certainty
	// included. Words decide earlier. Defaults to 1.2 s: coughs and "mhm" are
	// shorter. At least HoldAfter, at most 5 s.
	DecideAfter time.Duration
	// ReleaseSilence is how long after speech without words the reply goes on
	// when recognition does not say earlier that it was nothing. Defaults to
	// 700 ms; 100 ms to 3 s.
	ReleaseSilence time.Duration
	// BargeWords is how many content words of an unsettled transcript make an
	// interruption; of a settled one, one is enough. Defaults to 2; 1 to 5.
	BargeWords int
	// AnswerOverlap is how shortly before the end of a reply a "yes" still answers
	// it. Defaults to 1 s; at most 3 s.
	AnswerOverlap time.Duration
	// CutAgain is the silence after which the question is put again when a sound
	// without a word has cut it. Defaults to 2 s; 500 ms to 10 s.
	CutAgain time.Duration
	// StopWords and Backchannels are further phrases, separated by commas, beside
	// the built-in ones: the first always interrupt, the second never.
	StopWords, Backchannels string

	// NudgeAfter and NudgePatient are the silences after which a silent candidate
	// is spoken to. Default to 10 s and 20 s; 3 s to 5 min.
	NudgeAfter, NudgePatient time.Duration
	// Nudges is how many go unanswered before the interview ends. Defaults to 3;
	// 1 to 10.
	Nudges int

	// GraceEach and GraceTotal are how long the interview waits for a candidate
	// whose connection is gone, each time and in all. Default to 120 s and 4 min;
	// 1 s to 1 h, up to 2 h.
	GraceEach, GraceTotal time.Duration
	// PauseLimit bounds one break of the candidate. Defaults to 10 min; 10 s to
	// 2 h.
	PauseLimit time.Duration
	// TimeLimit is the talk time of the interview. Defaults to 30 min; 10 s to
	// 4 h.
	TimeLimit time.Duration
	// Overtime is how long who is talking, or was just asked, may go on beyond
	// TimeLimit. Defaults to 30 s; at most 5 min.
	Overtime time.Duration
	// ClosingMax bounds the closing words with everything said in between.
	// Defaults to 2 min; 10 s to 10 min.
	ClosingMax time.Duration
	// ClosingRepeats is how often closing words that were interrupted are said
	// again. Defaults to 2; 1 to 5.
	ClosingRepeats int
	// HardCap is the absolute end, pauses and absences included. Defaults to 3 h;
	// in effect at least TimeLimit, Overtime and ClosingMax together; at most 24 h.
	HardCap time.Duration

	// ReplyDeadline is how long a reply may take until it sounds. Defaults to
	// 12 s: who makes it has failed over long before. 1 s to 1 min.
	ReplyDeadline time.Duration
	// ReplyMax is how long a reply may sound. Defaults to 2 min; 10 s to 10 min.
	ReplyMax time.Duration
	// StopWait is how long a cut reply may take to report what was heard.
	// Defaults to 2 s; 100 ms to 10 s.
	StopWait time.Duration
	// EndWait is how long the end waits for the last final and for the cut reply.
	// Defaults to 700 ms: a revoked link closes within a second. At most 5 s.
	EndWait time.Duration
	// Retries is how often a failed reply to one turn is tried again, and
	// Failures how many in a row end the interview. Default to 2 and 3; up to 10.
	Retries, Failures int
}

// DefaultConfig has the numbers that design section 8 asks for.
func DefaultConfig() Config {
	return Config{
		EndComplete: 300 * time.Millisecond, EndUnsure: 600 * time.Millisecond,
		EndDangling: 1100 * time.Millisecond, EndOpen: 1500 * time.Millisecond,
		PatientComplete: 1200 * time.Millisecond, PatientUnsure: 4 * time.Second,
		PatientDangling: 9 * time.Second, PatientOpen: 12 * time.Second,
		EndReturned: 2 * time.Second,
		FinalWait:   1500 * time.Millisecond, FinalRetry: 500 * time.Millisecond,
		BacklogWait: 12 * time.Second, StuckAfter: 8 * time.Second,
		HoldAfter: 200 * time.Millisecond, DecideAfter: 1200 * time.Millisecond, ReleaseSilence: 700 * time.Millisecond,
		BargeWords: 2, AnswerOverlap: time.Second, CutAgain: 2 * time.Second,
		NudgeAfter: 10 * time.Second, NudgePatient: 20 * time.Second, Nudges: 3,
		GraceEach: 2 * time.Minute, GraceTotal: 4 * time.Minute, PauseLimit: 10 * time.Minute,
		TimeLimit: 30 * time.Minute, Overtime: 30 * time.Second,
		ClosingMax: 2 * time.Minute, ClosingRepeats: 2, HardCap: 3 * time.Hour,
		ReplyDeadline: 12 * time.Second, ReplyMax: 2 * time.Minute, StopWait: 2 * time.Second, EndWait: 700 * time.Millisecond,
		Retries: 2, Failures: 3,
	}
}

// ConfigError says which field of a Config is out of bounds and what it may be.
type ConfigError struct {
	Field, Value, Low, High string
}

// Error names the field, its value and the way out.
func (e *ConfigError) Error() string {
	return fmt.Sprintf("turn: %s is %s; it must be %s to %s", e.Field, e.Value, e.Low, e.High)
}

// Validate gives a *ConfigError for the first field out of its bounds.
func (c Config) Validate() error {
	c = c.withDefaults()
	const ms, s, m, h = time.Millisecond, time.Second, time.Minute, time.Hour
	for _, d := range []struct {
		field            string
		value, low, high time.Duration
	}{
		{"EndComplete", c.EndComplete, 150 * ms, 3 * s},
		{"EndUnsure", c.EndUnsure, c.EndComplete, 5 * s},
		{"EndDangling", c.EndDangling, c.EndUnsure, 8 * s},
		{"EndOpen", c.EndOpen, 150 * ms, 15 * s},
		{"PatientComplete", c.PatientComplete, 150 * ms, 30 * s},
		{"PatientUnsure", c.PatientUnsure, 150 * ms, 30 * s},
		{"PatientDangling", c.PatientDangling, 150 * ms, 30 * s},
		{"PatientOpen", c.PatientOpen, 150 * ms, 30 * s},
		{"EndReturned", c.EndReturned, 150 * ms, 15 * s},
		{"FinalWait", c.FinalWait, 200 * ms, 10 * s},
		{"FinalRetry", c.FinalRetry, 100 * ms, 5 * s},
		{"BacklogWait", c.BacklogWait, s, m},
		{"StuckAfter", c.StuckAfter, 3 * s, m},
		{"HoldAfter", c.HoldAfter, ms, 2 * s},
		{"DecideAfter", c.DecideAfter, c.HoldAfter, 5 * s},
		{"ReleaseSilence", c.ReleaseSilence, 100 * ms, 3 * s},
		{"AnswerOverlap", c.AnswerOverlap, ms, 3 * s},
		{"CutAgain", c.CutAgain, 500 * ms, 10 * s},
		{"NudgeAfter", c.NudgeAfter, 3 * s, 5 * m},
		{"NudgePatient", c.NudgePatient, c.NudgeAfter, 10 * m},
		{"GraceEach", c.GraceEach, s, h},
		{"GraceTotal", c.GraceTotal, c.GraceEach, 2 * h},
		{"PauseLimit", c.PauseLimit, 10 * s, 2 * h},
		{"TimeLimit", c.TimeLimit, 10 * s, 4 * h},
		{"Overtime", c.Overtime, ms, 5 * m},
		{"ClosingMax", c.ClosingMax, 10 * s, 10 * m},
		{"HardCap", c.HardCap, m, 24 * h},
		{"ReplyDeadline", c.ReplyDeadline, s, m},
		{"ReplyMax", c.ReplyMax, 10 * s, 10 * m},
		{"StopWait", c.StopWait, 100 * ms, 10 * s},
		{"EndWait", c.EndWait, ms, 5 * s},
	} {
		if d.value < d.low || d.value > d.high {
			return &ConfigError{d.field, d.value.String(), d.low.String(), d.high.String()}
		}
	}
	for _, n := range []struct {
		field            string
		value, low, high int
	}{
		{"BargeWords", c.BargeWords, 1, 5},
		{"Nudges", c.Nudges, 1, 10},
		{"ClosingRepeats", c.ClosingRepeats, 1, 5},
		{"Retries", c.Retries, 1, 10},
		{"Failures", c.Failures, 1, 10},
	} {
		if n.value < n.low || n.value > n.high {
			return &ConfigError{n.field, fmt.Sprint(n.value), fmt.Sprint(n.low), fmt.Sprint(n.high)}
		}
	}
	for field, list := range map[string]string{"StopWords": c.StopWords, "Backchannels": c.Backchannels} {
		if len(list) > maxPhrases {
			return &ConfigError{field, fmt.Sprintf("%d bytes", len(list)), "0", fmt.Sprintf("%d bytes", maxPhrases)}
		}
	}
	return nil
}

// maxPhrases bounds the phrase lists of a Config: each is searched at every
// partial that comes during a reply.
const maxPhrases = 4096

// Complete is c with its zero fields filled in: what a conversation really goes by.
func (c Config) Complete() Config { return c.withDefaults() }

// withDefaults is c with its zero fields filled in.
func (c Config) withDefaults() Config {
	d := DefaultConfig()
	for _, f := range [][2]*time.Duration{
		{&c.EndComplete, &d.EndComplete},
		{&c.EndUnsure, &d.EndUnsure},
		{&c.EndDangling, &d.EndDangling},
		{&c.EndOpen, &d.EndOpen},
		{&c.PatientComplete, &d.PatientComplete},
		{&c.PatientUnsure, &d.PatientUnsure},
		{&c.PatientDangling, &d.PatientDangling},
		{&c.PatientOpen, &d.PatientOpen},
		{&c.EndReturned, &d.EndReturned},
		{&c.FinalWait, &d.FinalWait},
		{&c.FinalRetry, &d.FinalRetry},
		{&c.BacklogWait, &d.BacklogWait},
		{&c.StuckAfter, &d.StuckAfter},
		{&c.HoldAfter, &d.HoldAfter},
		{&c.DecideAfter, &d.DecideAfter},
		{&c.ReleaseSilence, &d.ReleaseSilence},
		{&c.AnswerOverlap, &d.AnswerOverlap},
		{&c.CutAgain, &d.CutAgain},
		{&c.NudgeAfter, &d.NudgeAfter},
		{&c.NudgePatient, &d.NudgePatient},
		{&c.GraceEach, &d.GraceEach},
		{&c.GraceTotal, &d.GraceTotal},
		{&c.PauseLimit, &d.PauseLimit},
		{&c.TimeLimit, &d.TimeLimit},
		{&c.Overtime, &d.Overtime},
		{&c.ClosingMax, &d.ClosingMax},
		{&c.HardCap, &d.HardCap},
		{&c.ReplyDeadline, &d.ReplyDeadline},
		{&c.ReplyMax, &d.ReplyMax},
		{&c.StopWait, &d.StopWait},
		{&c.EndWait, &d.EndWait},
	} {
		if *f[0] == 0 {
			*f[0] = *f[1]
		}
	}
	for _, f := range [][2]*int{
		{&c.BargeWords, &d.BargeWords},
		{&c.Nudges, &d.Nudges},
		{&c.ClosingRepeats, &d.ClosingRepeats},
		{&c.Retries, &d.Retries},
		{&c.Failures, &d.Failures},
	} {
		if *f[0] == 0 {
			*f[0] = *f[1]
		}
	}
	return c
}

// rules are a Config and its phrases made ready; shared by all states of a
// conversation and never changed.
type rules struct {
	Config

	stop, back phraseBook
}

func newRules(c Config) *rules {
	c = c.withDefaults()
	c.HardCap = max(c.HardCap, c.TimeLimit+c.Overtime+c.ClosingMax)
	return &rules{
		Config: c,
		stop:   newPhraseBook(stopPhrases, splitPhrases(c.StopWords)),
		back:   newPhraseBook(humPhrases, yesPhrases, splitPhrases(c.Backchannels)),
	}
}

// pause is how long the candidate must be silent after words that end like e.
func (r *rules) pause(e Completeness, patient bool) time.Duration {
	normal, thinking := r.EndUnsure, r.PatientUnsure
	switch e {
	case Complete:
		normal, thinking = r.EndComplete, r.PatientComplete
	case Dangling:
		normal, thinking = r.EndDangling, r.PatientDangling
	case Open:
		normal, thinking = max(r.EndOpen, r.EndDangling), r.PatientOpen
	case Unsure:
	}
	if patient {
		return max(normal, thinking)
	}
	return normal
}

// splitPhrases reads a comma-separated list.
func splitPhrases(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == '\n' })
}
