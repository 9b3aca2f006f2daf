package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media"
	"github.com/vantahire/vantahire/media/voiceproto"
	"github.com/vantahire/vantahire/providers/local"
)

// printer writes what calls gave.
type printer struct {
	out     io.Writer
	speech  *local.Speech
	options callOptions
}

func (p printer) printf(format string, args ...any) { _, _ = fmt.Fprintf(p.out, format, args...) }

// acceptableWER is the word error rate beyond which an answer, or what was heard,
// counts as not understood.
const acceptableWER = 0.25

// whole prints one call in full: the conversation, what was understood of it, the
// latencies, the interruptions and what is wrong.
func (p printer) whole(ctx context.Context, r *candidate.Report) {
	p.printf("interview %s\n\n", r.Interview)
	p.conversation(r)
	p.understanding(r)
	p.hearing(ctx, r)
	p.latencies(r)
	for _, b := range r.BargeIns {
		p.printf("%s\n", b)
		if !b.Cough {
			p.heardTruth(ctx, r, b)
		}
	}
	p.verdict(r)
}

func (p printer) conversation(r *candidate.Report) {
	type entry struct {
		at   time.Time
		text string
	}
	var entries []entry
	for _, s := range r.Said {
		line := s.Line
		if line != strings.TrimSpace(s.Text) {
			line += " --"
		}
		entries = append(entries, entry{s.First, "interviewer: " + line})
	}
	for _, t := range r.Turns {
		entries = append(entries, entry{t.Began, "candidate:   " + t.Answer + "\n" + strings.Repeat(" ", 20) + "(understood: " + t.Understood + ")"})
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return a.at.Compare(b.at) })
	for _, e := range entries {
		p.printf("%6.1f  %s\n", e.at.Sub(r.Began).Seconds(), e.text)
	}
	p.printf("\n")
}

// understanding prints the word error rate of each answer and of all.
func (p printer) understanding(r *candidate.Report) {
	var said, heard []string
	for i, t := range r.Turns {
		if t.Answer == "" {
			continue
		}
		p.printf("answer %d: word error rate %.0f %%\n", i+1, 100*local.WordErrorRate(t.Answer, t.Understood))
		said, heard = append(said, t.Answer), append(heard, t.Understood)
	}
	if len(said) == 0 {
		return
	}
	total := local.WordErrorRate(strings.Join(said, " "), strings.Join(heard, " "))
	p.printf("all answers: word error rate %.1f %%\n", 100*total)
	if total >= acceptableWER {
		r.Problems = append(r.Problems, fmt.Sprintf("the answers were not understood: word error rate %.1f %%", 100*total))
	}
}

// hearing transcribes what came from the loudspeaker back.
func (p printer) hearing(ctx context.Context, r *candidate.Report) {
	if p.options.reader != nil {
		p.printf("what was heard: %d words read back from its sound\n", r.WordsRead)
		return
	}
	if p.speech == nil || !p.speech.Status().Hear.Available {
		return
	}
	var lines, back []string
	for _, s := range r.Said {
		if len(s.PCM) == 0 || s.Line == "" {
			continue
		}
		pcm, err := resampled(s.PCM, media.PlayRate, media.MicRate)
		if err != nil {
			r.Problems = append(r.Problems, err.Error())
			return
		}
		t, err := p.speech.Hear(ctx, pcm)
		if err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("transcribe what was heard: %v", err))
			return
		}
		lines, back = append(lines, s.Line), append(back, t.Text)
	}
	if len(lines) == 0 {
		return
	}
	wer := local.WordErrorRate(strings.Join(lines, " "), strings.Join(back, " "))
	p.printf("what was heard, transcribed back: word error rate %.1f %% over %d replies\n", 100*wer, len(lines))
	if wer > 0.5 {
		r.Problems = append(r.Problems, fmt.Sprintf("what was heard is no speech: word error rate %.1f %%", 100*wer))
	}
}

func (p printer) latencies(r *candidate.Report) {
	var all []time.Duration
	for i, t := range r.Turns {
		if t.Latency < 0 {
			continue
		}
		all = append(all, t.Latency)
		p.printf("answer %d: first sound of the reply after %d ms%s\n", i+1, t.Latency.Milliseconds(), stages(t.Stages))
	}
	if len(all) > 0 {
		slices.Sort(all)
		p.printf("latency p50 %d ms, worst %d ms\n", all[len(all)/2].Milliseconds(), all[len(all)-1].Milliseconds())
	}
	gaps, paused := 0, time.Duration(0)
	for _, s := range r.Said {
		gaps += s.Gaps
		paused += s.Paused
	}
	p.printf("gaps within replies: %d (%d ms)\n", gaps, paused.Milliseconds())
}

func stages(s voiceproto.Stages) string {
	if len(s) == 0 {
		return ""
	}
	var parts []string
	for _, name := range stageOrder {
		if v, ok := s[name]; ok {
			parts = append(parts, fmt.Sprintf("%s %.0f", name, v))
		}
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

// heardTruth compares the interrupted line with the words that had really been
// played: the local voice is deterministic, so speaking the sentences again gives
// each word's exact place.
func (p printer) heardTruth(ctx context.Context, r *candidate.Report, b candidate.BargeIn) {
	if p.options.reader != nil {
		p.printf("  played %d ms of it; truly heard %d words, in the transcript %d: %q\n", b.Played.Milliseconds(), len(b.Truth), len(p.options.reader.Words(b.Heard)), b.Heard)
		return
	}
	if p.speech == nil {
		return
	}
	truth := 0
	for _, c := range b.Captions {
		_, words, err := p.speech.Speak(ctx, c.Text)
		if err != nil {
			r.Problems = append(r.Problems, fmt.Sprintf("speak a heard sentence again: %v", err))
			return
		}
		for _, w := range words {
			if time.Duration(c.From)*time.Millisecond+w.To <= b.Played {
				truth++
			}
		}
	}
	committed := len(strings.Fields(b.Heard))
	p.printf("  played %d ms of it; truly heard %d words, in the transcript %d: %q\n", b.Played.Milliseconds(), truth, committed, b.Heard)
	if diff := committed - truth; diff < -1 || diff > 1 {
		r.Problems = append(r.Problems, fmt.Sprintf("the transcript of the interrupted reply %d is %d words off", b.Reply, diff))
	}
}

func (p printer) verdict(r *candidate.Report) {
	if len(r.Problems) == 0 {
		p.printf("\nEvery line is in the transcript once and in order (%d lines).\n", len(r.Lines))
		return
	}
	p.printf("\nPROBLEMS\n")
	for _, problem := range r.Problems {
		p.printf("  - %s\n", problem)
	}
}

// files writes the recording and the report.
func (p printer) files(reports []candidate.Report) error {
	if p.options.out != "" {
		if err := writeHeard(p.options.out, reports[0]); err != nil {
			return err
		}
	}
	if p.options.jsonFile == "" {
		return nil
	}
	type brief struct {
		Interview interview.ID        `json:"interview"`
		Turns     []candidate.Turn    `json:"turns"`
		Lines     []candidate.Line    `json:"lines"`
		BargeIns  []candidate.BargeIn `json:"bargeIns"`
		Problems  []string            `json:"problems"`
	}
	var all []brief
	for _, r := range reports {
		all = append(all, brief{r.Interview, r.Turns, r.Lines, r.BargeIns, r.Problems})
	}
	raw, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.options.jsonFile, raw, 0o600)
}

// writeHeard writes the replies on the call's time axis.
func writeHeard(path string, r candidate.Report) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	w, err := media.NewWAVWriter(f, media.WAVFormat{Rate: media.PlayRate, Channels: 1})
	if err != nil {
		_ = f.Close()
		return err
	}
	written := 0
	for _, s := range r.Said {
		at := int(s.First.Sub(r.Began) * media.PlayRate / time.Second)
		if at > written {
			if err := w.Write(make([]int16, at-written)); err != nil {
				_ = f.Close()
				return err
			}
			written = at
		}
		if err := w.Write(s.PCM); err != nil {
			_ = f.Close()
			return err
		}
		written += len(s.PCM)
	}
	if err := w.Close(); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}
