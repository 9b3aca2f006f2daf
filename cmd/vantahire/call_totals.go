package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/vantahire/vantahire/loadtest/candidate"
	"github.com/vantahire/vantahire/media/voiceproto"
)

// spread is a collection of durations, for its quantiles.
type spread []time.Duration

func (s spread) at(q float64) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

// String sorts and tells the quantiles.
func (s spread) String() string {
	slices.Sort(s)
	return fmt.Sprintf("p50 %s, p95 %s, p99 %s, worst %s of %d", short(s.at(.5)), short(s.at(.95)), short(s.at(.99)), short(s.at(1)), len(s))
}

func short(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

// line prints one of many calls that is not as it must be.
func (p printer) line(r candidate.Report) {
	if len(r.Problems) > 0 {
		p.printf("%s  %d turns, %d lines: PROBLEM: %s\n", r.Interview, len(r.Turns), len(r.Lines), r.Problems[0])
	}
}

// totals prints what many calls gave together.
func (p printer) totals(reports []candidate.Report, control spread) {
	var (
		latency      spread
		stages       = map[voiceproto.Stage]spread{}
		engine       spread
		gaps         int
		paused       time.Duration
		speech       time.Duration
		lines, words int
		turns, bad   int
	)
	for _, r := range reports {
		lines, words, turns = lines+len(r.Lines), words+r.WordsRead, turns+len(r.Turns)
		if len(r.Problems) > 0 {
			bad++
		}
		for _, t := range r.Turns {
			if t.Latency >= 0 {
				latency = append(latency, t.Latency)
			}
			for stage, ms := range t.Stages {
				stages[stage] = append(stages[stage], time.Duration(ms*float64(time.Millisecond)))
			}
			if e, known := p.options.engineAdded(t.Stages); known {
				engine = append(engine, e)
			}
		}
		for _, s := range r.Said {
			gaps += s.Gaps
			paused += s.Paused
			speech += time.Duration(len(s.PCM)) * time.Second / 24000
		}
	}
	p.printf("%d turns, %d lines; %d words read back from the sound that was heard\n", turns, lines, words)
	if len(latency) > 0 {
		p.printf("end of speech to first packet at the caller: %s\n", latency)
	}
	for _, stage := range stageOrder {
		if s := stages[stage]; len(s) > 0 {
			p.printf("  %-22s %s\n", stage, s)
		}
	}
	if len(engine) > 0 {
		p.printf("engine-added latency (decision to first packet, less %s of providers): %s\n", p.options.lessModel+p.options.lessVoice, engine)
	}
	if len(control) > 0 {
		p.printf("control (one bare request to the model, less %s): %s\n", p.options.lessModel, control)
	}
	p.printf("gaps within %s of speech: %d, %s in all\n", speech.Round(time.Second), gaps, paused.Round(time.Millisecond))
	p.interruptions(reports)
	p.printf("%d calls, %d with problems\n", len(reports), bad)
}

// stageOrder is how a turn's stages follow each other.
var stageOrder = []voiceproto.Stage{
	voiceproto.StageSpeechEndToFinal, voiceproto.StageFinalToDecision, voiceproto.StageDecisionToFirstToken, voiceproto.StageFirstTokenToSentence,
	voiceproto.StageSentenceToAudio, voiceproto.StageAudioToFirstPacket, voiceproto.StageFirstPacketToPlayed, voiceproto.StageTotal,
}

// engineAdded is what the server itself added to a turn: everything from the
// final transcript to the first packet, less what providers of constant delays
// are known to take.
func (o callOptions) engineAdded(s voiceproto.Stages) (time.Duration, bool) {
	if o.lessModel == 0 || o.lessVoice == 0 || len(s) == 0 {
		return 0, false
	}
	sum := 0.0
	for _, stage := range []voiceproto.Stage{
		voiceproto.StageFinalToDecision, voiceproto.StageDecisionToFirstToken, voiceproto.StageFirstTokenToSentence,
		voiceproto.StageSentenceToAudio, voiceproto.StageAudioToFirstPacket,
	} {
		ms, known := s[stage]
		if !known {
			return 0, false
		}
		sum += ms
	}
	return time.Duration(sum*float64(time.Millisecond)) - o.lessModel - o.lessVoice, true
}

// interruptions prints how fast and how exactly calls were interrupted.
func (p printer) interruptions(reports []candidate.Report) {
	var (
		duck, hold, decision, release, resume, last spread
		after, off, most, cuts, coughs, over        int
		lost                                        int64
	)
	for _, r := range reports {
		for _, b := range r.BargeIns {
			for _, d := range []struct {
				to *spread
				d  time.Duration
			}{{&duck, b.Duck}, {&hold, b.Hold}} {
				if d.d >= 0 {
					*d.to = append(*d.to, d.d)
				}
			}
			if b.Cough {
				coughs++
				lost += b.Lost
				if b.Hold >= 0 && b.Decision >= 0 { // short ones are over before anything is held
					release = append(release, b.Decision)
				}
				if b.Resume >= 0 {
					resume = append(resume, b.Resume)
				}
				continue
			}
			if b.Over {
				over++
				continue
			}
			cuts++
			after += b.AfterFlush
			last = append(last, max(0, b.LastPacket))
			if b.Decision >= 0 {
				decision = append(decision, b.Decision)
			}
			if b.Truth != nil {
				diff := len(p.options.reader.Words(b.Heard)) - len(b.Truth)
				diff = max(diff, -diff)
				most = max(most, diff)
				if diff != 0 {
					off++
				}
			}
		}
	}
	if cuts+coughs == 0 {
		return
	}
	p.printf("%d interruptions, %d sounds without a word; %d replies were over before a decision\n", cuts, coughs, over)
	for _, row := range []struct {
		name string
		s    spread
	}{
		{"onset to lowered voice", duck},
		{"onset to stopped voice", hold},
		{"onset to decision", decision},
		{"decision to last old packet", last},
		{"onset to release", release},
		{"release to sound", resume},
	} {
		if len(row.s) > 0 {
			p.printf("  %-28s %s\n", row.name, row.s)
		}
	}
	p.printf("  old packets after a decision: %d; samples lost to a release: %d\n", after, lost)
	if p.options.reader != nil {
		p.printf("  heard text against the sound: %d of %d interrupted lines differ, by %d words at most\n", off, cuts, most)
	}
}

// usage prints what the server and this program used while calls were held.
func (p printer) usage(u callUsage) {
	if u.wall <= 0 || u.live == 0 {
		return
	}
	cores := float64(u.server) / float64(u.wall)
	p.printf("server: %.2f cores, %.2f %% of a core per call, %.0f MB resident at most (%.0f before), %.2f MB per call, %d goroutines\n",
		cores, 100*cores/float64(u.live), float64(u.most)/1e6, float64(u.before)/1e6, float64(u.most-u.before)/1e6/float64(u.live), u.goroutines)
	p.printf("caller: %.2f cores; %d calls live at most, over %s\n", float64(u.own)/float64(u.wall), u.live, u.wall.Round(time.Second))
}
