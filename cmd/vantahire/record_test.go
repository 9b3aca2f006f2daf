package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

const talk = "../../actors/testdata/records/talk.jsonl"

// corpusKeyFile is a file with the key the corpus is sealed with.
func corpusKeyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("the key of the corpus of records\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestARecordInAFileIsVerifiedAndReplayed(t *testing.T) {
	t.Setenv("VANTAHIRE_DATA_DIR", t.TempDir())
	t.Setenv("VANTAHIRE_RECORD_KEY", "")
	key, wrong := corpusKeyFile(t), filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("another key of thirty-two bytes.."), 0o600); err != nil {
		t.Fatal(err)
	}
	changed := changedRecord(t, func(r *record.Record) {
		for i, e := range r.Events {
			if e.Kind == interview.KindTurnCommitted {
				r.Events[i].Payload = json.RawMessage(strings.Replace(string(e.Payload), "payment", "secret", 1))
			}
		}
	})
	cut := filepath.Join(t.TempDir(), "cut.jsonl")
	whole, err := os.ReadFile(talk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	old := changedRecord(t, func(r *record.Record) {
		for i := range r.Events {
			if r.Events[i].Kind == interview.KindTurnBegan || r.Events[i].Kind == interview.KindTurnInputs {
				r.Events[i].Kind, r.Events[i].Payload = interview.KindDegraded, json.RawMessage("{}")
			}
		}
	})
	for name, c := range map[string]struct {
		args     []string
		status   int
		out, err string
	}{
		"a good record":              {[]string{"verify", "--file", talk, "--key-file", key}, exitOK, "valid", ""},
		"without the key":            {[]string{"verify", "--file", talk}, exitOK, "no key to check it with", ""},
		"with the wrong key":         {[]string{"verify", "--file", talk, "--key-file", wrong}, exitFailed, "wrong key", ""},
		"a key that is not there":    {[]string{"verify", "--file", talk, "--key-file", key + "x"}, exitFailed, "", "no such file"},
		"a changed record":           {[]string{"verify", "--file", changed}, exitFailed, "is not what its segments say", ""},
		"a changed record's seal":    {[]string{"verify", "--file", changed, "--key-file", key}, exitFailed, "broken", ""},
		"a record that was cut off":  {[]string{"verify", "--file", cut}, exitFailed, "", "not a record"},
		"a file that is not there":   {[]string{"replay", "--file", talk + "x"}, exitFailed, "", "no such file"},
		"another interview's record": {[]string{"verify", "some-id", "--file", talk}, exitFailed, "", "is the record of interview 0000"},
		"its replay":                 {[]string{"replay", "--file", talk}, exitOK, "same: ", ""},
		"a changed record's replay":  {[]string{"replay", "--file", changed}, exitFailed, "DIFFERENCE", ""},
		"an older program's record":  {[]string{"replay", "--file", old}, exitFailed, "NOT REPLAYABLE", ""},
		"nothing to verify":          {[]string{"verify"}, exitUsage, "", "name an interview"},
		"two interviews":             {[]string{"replay", "a", "b"}, exitUsage, "", `unexpected "b"`},
		"two sources":                {[]string{"replay", "--file", talk, "--database", "postgres://h/d"}, exitUsage, "", "exclude each other"},
		"a flag nobody knows":        {[]string{"verify", "a", "--loud"}, exitUsage, "", "not defined: -loud"},
		"help":                       {[]string{"verify", "-h"}, exitOK, "", "-key-file"},
		"no server that runs":        {[]string{"verify", "some-id"}, exitFailed, "", "no private database runs there"},
		"no database that answers":   {[]string{"verify", "some-id", "--database", "postgres://u@127.0.0.1:1/d"}, exitFailed, "", "ledger"},
	} {
		var out, errOut output
		if status := dispatch(t.Context(), c.args, &out, &errOut); status != c.status {
			t.Errorf("%s: exit status %d, want %d: %s %s", name, status, c.status, out.String(), errOut.String())
		}
		if !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.err) {
			t.Errorf("%s: out %q, error %q", name, out.String(), errOut.String())
		}
		if strings.Contains(out.String()+errOut.String(), "secret systems") {
			t.Errorf("%s: it prints what was said", name)
		}
	}
	var shown output
	dispatch(t.Context(), []string{"replay", "--file", changed, "--show"}, &shown, io.Discard)
	if !strings.Contains(shown.String(), "secret systems") {
		t.Errorf("--show shows nothing: %s", shown.String())
	}
}

// changedRecord is a copy of a record with a change, as a file.
func changedRecord(t *testing.T, change func(*record.Record)) string {
	t.Helper()
	in, err := os.Open(talk)
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Read(in)
	_ = in.Close()
	if err != nil {
		t.Fatal(err)
	}
	change(&r)
	out, err := os.Create(filepath.Join(t.TempDir(), "changed.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := record.Write(out, r); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Name()
}

// checkRecords verifies and replays the interviews of a report of the call command
// on the server that runs on the data folder dir.
func checkRecords(t *testing.T, dir, report string) {
	t.Helper()
	raw, err := os.ReadFile(report) //nolint:gosec // the test's own file
	if err != nil {
		t.Fatal(err)
	}
	var calls []struct {
		Interview string `json:"interview"`
	}
	if err := json.Unmarshal(raw, &calls); err != nil || len(calls) == 0 {
		t.Fatalf("the report: %v, %s", err, raw)
	}
	for _, c := range calls {
		file := filepath.Join(t.TempDir(), c.Interview)
		var out, errOut output
		// The server seals a record a moment after the interview's end.
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
			out, errOut = output{}, output{}
			_ = os.Remove(file)
			status := dispatch(t.Context(), []string{"verify", c.Interview, "--save", file}, &out, &errOut)
			if status == exitOK && strings.Contains(out.String(), "seal         valid") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("exit status %d: %s %s", status, out.String(), errOut.String())
			}
		}
		for _, args := range [][]string{
			{"replay", c.Interview},
			{"verify", "--file", file, "--key-file", filepath.Join(dir, recordKeyFile)},
			{"replay", "--file", file},
		} {
			var out, errOut output
			if status := dispatch(t.Context(), args, &out, &errOut); status != exitOK {
				t.Errorf("%v: exit status %d: %s %s", args, status, out.String(), errOut.String())
			}
		}
	}
	var errOut output
	if status := dispatch(t.Context(), []string{"verify", "00000000-0000-4000-8000-000000000000"}, io.Discard, &errOut); status != exitFailed || !strings.Contains(errOut.String(), "not found") {
		t.Errorf("an interview that is not there: exit status %d: %s", status, errOut.String())
	}
}
