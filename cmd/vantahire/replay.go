package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/vantahire/vantahire/actors"
)

// replay feeds the turn machine what is stored of an interview and compares its
// decisions with the stored ones.
func replay(ctx context.Context, args []string, out, errOut io.Writer) int {
	s := newRecordSource("replay", errOut)
	s.flags.StringVar(&s.database, "database", "", databaseUsage)
	s.flags.StringVar(&s.file, "file", "", fileUsage)
	s.flags.StringVar(&s.save, "save", "", saveUsage)
	show := s.flags.Bool("show", false, "show what was said where the two differ (default: only its length)")
	if err := s.parse(args); err != nil {
		return usageError("replay", err, errOut)
	}
	r, err := s.load(ctx)
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "vantahire replay:", err)
		return exitFailed
	}
	_, _ = fmt.Fprintf(out, "interview    %s\n", r.Interview)
	report, err := actors.Replay(r.Events)
	same := printReplay(out, report, *show)
	switch {
	case errors.Is(err, actors.ErrNotReplayable):
		_, _ = fmt.Fprintf(out, "NOT REPLAYABLE: %v\n", err)
		return exitFailed
	case err != nil:
		_, _ = fmt.Fprintln(errOut, "vantahire replay:", err)
		return exitFailed
	case !same:
		return exitFailed
	}
	return exitOK
}

// printReplay says what was found; false: not all of it is as it should be.
func printReplay(out io.Writer, report actors.ReplayReport, show bool) bool {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	inputs, decisions, skipped := 0, 0, 0
	for n, l := range report.Lives {
		inputs, decisions = inputs+l.Inputs, decisions+l.Decisions
		by := ""
		if l.Program != "" {
			by = ", by " + l.Program
		}
		say("life %-7d events %d to %d, fence %d%s: %d inputs, %d decisions compared", n+1, l.From, l.To, l.Fence, by, l.Inputs, l.Decisions)
		if l.Unfinished > 0 {
			say("unfinished   %d decisions were not stored any more when it ended", l.Unfinished)
		}
		if l.Skipped != "" {
			skipped++
			say("not compared %s", l.Skipped)
		}
	}
	switch d := report.Difference; {
	case d != nil:
		say("DIFFERENCE   fence %d, event %d: %s", d.Fence, d.Seq, d.What)
		say("  stored     %s", side(d.Stored, show))
		say("  derived    %s", side(d.Derived, show))
		return false
	case skipped > 0:
		say("NOT ALL of it could be compared: %d of %d lives", skipped, len(report.Lives))
		return false
	case decisions > 0:
		say("same: %d inputs lead to the %d decisions that are stored", inputs, decisions)
	}
	return true
}

func side(d *actors.Decision, show bool) string {
	if d == nil {
		return "nothing"
	}
	return d.Describe(show)
}
