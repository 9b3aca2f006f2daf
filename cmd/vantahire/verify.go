package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/vantahire/vantahire/interview/record"
)

// verify checks the stored record of an interview. It prints no word of what was
// said.
func verify(ctx context.Context, args []string, out, errOut io.Writer) int {
	s := newRecordSource("verify", errOut)
	s.flags.StringVar(&s.database, "database", "", databaseUsage)
	s.flags.StringVar(&s.file, "file", "", fileUsage)
	s.flags.StringVar(&s.save, "save", "", saveUsage)
	s.flags.StringVar(&s.keyFile, "key-file", "", "`FILE` with the key of the seal (default VANTAHIRE_RECORD_KEY, else the generated key of this machine's server)")
	if err := s.parse(args); err != nil {
		return usageError("verify", err, errOut)
	}
	r, err := s.load(ctx)
	var key []byte
	if err == nil {
		key, err = s.key(r)
	}
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "vantahire verify:", err)
		return exitFailed
	}
	report := record.Verify(r, key)
	printReport(out, r, report)
	if !report.Good() {
		return exitFailed
	}
	return exitOK
}

func printReport(out io.Writer, r record.Record, report record.Report) {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	say("interview    %s", report.Interview)
	say("events       %d, written by %d owners", report.Events, report.Lives)
	say("transcript   %d lines", report.Lines)
	if report.LateEvents > 0 || report.LateLines > 0 {
		say("late         %d events, %d lines", report.LateEvents, report.LateLines)
	}
	if report.Quarantined > 0 {
		say("quarantine   %d events", report.Quarantined)
	}
	if report.Ended != "" {
		say("ended        %s", report.Ended)
	}
	if r.Seal != nil {
		say("seal         %s (key %s, %d events, %s)", report.Seal, r.Seal.KeyID, r.Seal.Events, r.Seal.At.UTC().Format(time.RFC3339))
	} else {
		say("seal         %s", report.Seal)
	}
	for _, n := range report.Notes {
		say("note         %s", n)
	}
	for _, p := range report.Problems {
		say("PROBLEM      %s", p)
	}
	if report.Good() {
		unchecked := ""
		if report.Ended != "" && report.Seal != record.SealValid {
			unchecked = "; the seal is NOT checked: events that were changed together with their lines would not be noticed"
		}
		say("good: nothing is missing, doubled or changed%s", unchecked)
	} else {
		say("NOT GOOD: %d problems", len(report.Problems))
	}
}

// usageError tells of a command line that makes no sense.
func usageError(command string, err error, errOut io.Writer) int {
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if errors.Is(err, errUsage) && err.Error() != errUsage.Error() { // else the flags have told
		_, _ = fmt.Fprintf(errOut, "vantahire %s: %v\n", command, err)
	}
	return exitUsage
}
