package actors

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vantahire/vantahire/actors/turn"
	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/interview/record"
)

var update = flag.Bool("update", false, "write the records of the corpus anew")

const records = "testdata/records"

// corpusKey seals the corpus. It protects nothing else.
var corpusKey = []byte("the key of the corpus of records")

// sealedRecord is the record of events, sealed if the interview is over.
func sealedRecord(t *testing.T, id interview.ID, events []interview.Event) record.Record {
	t.Helper()
	r := recordOf(id, events)
	if n := len(events); n > 0 && events[n-1].Kind == interview.KindEnded {
		seal, err := record.Compute(corpusKey, id, events)
		if err != nil {
			t.Fatal(err)
		}
		seal.At = events[n-1].At
		r.Seal = &seal
	}
	return r
}

// checkRecord verifies and replays.
func checkRecord(t *testing.T, r record.Record) {
	t.Helper()
	for _, p := range record.Verify(r, corpusKey).Problems {
		t.Error(p)
	}
	report, err := Replay(r.Events)
	if err != nil {
		t.Fatal(err)
	}
	if d := report.Difference; d != nil {
		t.Errorf("fence %d, event %d: %s\nstored:  %s\nderived: %s", d.Fence, d.Seq, d.What, describe(d.Stored), describe(d.Derived))
	}
	if !report.Replayed() {
		t.Errorf("not everything could be compared: %+v", report)
	}
}

func recordFile(name string) string { return filepath.Join(records, name+".jsonl") }

func writeRecord(t *testing.T, name string, r record.Record) {
	t.Helper()
	var b bytes.Buffer
	if err := record.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(records, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(recordFile(name), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readRecord(t *testing.T, file string) record.Record {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, err := record.Read(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func corpusFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(recordFile("*"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range corpus {
		if !slices.Contains(files, recordFile(name)) {
			t.Errorf("%s has no record; go test -update writes it", name)
		}
	}
	return files
}

// TestTheCorpusIsVerifiedAndReplayed holds this program against records of earlier
// ones: a change of the turn machine that would decide otherwise is seen here, and
// so is one of the stored form.
func TestTheCorpusIsVerifiedAndReplayed(t *testing.T) {
	t.Parallel()
	if *update {
		return // they are being written
	}
	for _, file := range corpusFiles(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			r := readRecord(t, file)
			checkRecord(t, r)
			report, err := Replay(r.Events)
			if err != nil {
				t.Fatal(err)
			}
			inputs, decisions, bytes := 0, 0, 0
			for _, l := range report.Lives {
				inputs, decisions = inputs+l.Inputs, decisions+l.Decisions
			}
			for _, e := range r.Events {
				if e.Kind == interview.KindTurnInputs {
					bytes += len(e.Payload)
				}
			}
			clock := r.Events[len(r.Events)-1].Clock
			t.Logf("%s: %d events, %d lives, %d inputs in %d bytes (%.0f bytes a minute), %d decisions",
				clock, len(r.Events), len(report.Lives), inputs, bytes, float64(bytes)/clock.Minutes(), decisions)
		})
	}
}

// TestWhateverIsChangedInARecordIsFound damages every record of the corpus.
func TestWhateverIsChangedInARecordIsFound(t *testing.T) {
	t.Parallel()
	if *update {
		return
	}
	used := map[string]int{}
	for _, file := range corpusFiles(t) {
		for name, d := range damages {
			r := readRecord(t, file)
			if d.only != "" && !slices.Contains(strings.Fields(d.only), strings.TrimSuffix(filepath.Base(file), ".jsonl")) || !d.change(t, &r) {
				continue
			}
			used[name]++
			verified := record.Verify(r, corpusKey).Good()
			report, err := Replay(r.Events)
			replayed := err == nil && report.Difference == nil
			if d.verify && verified {
				t.Errorf("%s: %s: verify finds nothing", file, name)
			}
			if d.replay && replayed {
				t.Errorf("%s: %s: replay finds nothing", file, name)
			}
			// Without its seal a record has to be found out by what it says.
			r.Seal = nil
			if d.unsealed && record.Verify(r, nil).Good() && replayed {
				t.Errorf("%s: %s: nothing but the seal tells", file, name)
			}
		}
	}
	for name := range damages {
		if used[name] < 3 {
			t.Errorf("%s: only %d records can be changed like this", name, used[name])
		}
	}
}

// damage changes a record and says who must find it; change is false when the
// record has nothing of the kind.
type damage struct {
	change                   func(t *testing.T, r *record.Record) bool
	only                     string // the records it is for; "": all
	verify, replay, unsealed bool
}

var damages = map[string]damage{
	"a changed line of the candidate":   {change: changeLine(interview.KindTurnCommitted, "text"), verify: true, replay: true, unsealed: true},
	"a changed line of the interviewer": {change: changeLine(interview.KindReplyEnded, "heard"), verify: true, replay: true, unsealed: true},
	"a changed line of the transcript": {change: func(_ *testing.T, r *record.Record) bool {
		if len(r.Lines) > 0 {
			r.Lines[0].Content += "x"
		}
		return len(r.Lines) > 0
	}, verify: true, unsealed: true},
	"a missing line of the transcript": {change: func(_ *testing.T, r *record.Record) bool {
		if len(r.Lines) > 0 {
			r.Lines = r.Lines[1:]
		}
		return len(r.Lines) > 0
	}, verify: true, unsealed: true},
	"a doubled line of the transcript": {change: func(_ *testing.T, r *record.Record) bool {
		if len(r.Lines) > 0 {
			r.Lines = append(r.Lines, r.Lines[0])
		}
		return len(r.Lines) > 0
	}, verify: true, unsealed: true},
	"a dropped event": {change: func(_ *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindReplyEnded })
		if i >= 0 {
			r.Events = slices.Delete(r.Events, i, i+1)
		}
		return i >= 0
	}, verify: true, unsealed: true},
	"a dropped event, and all others moved up": {change: func(_ *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindTurnCommitted })
		if i < 0 || r.Seal == nil {
			return false
		}
		r.Events = slices.Delete(r.Events, i, i+1)
		renumber(r)
		return true
	}, verify: true, replay: true, unsealed: true},
	"two events swapped": {change: func(_ *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindTurnCommitted })
		if i < 0 || r.Events[i-1].Kind != interview.KindTurnInputs {
			return false
		}
		r.Events[i], r.Events[i-1] = r.Events[i-1], r.Events[i]
		renumber(r)
		return true
	}, replay: true, unsealed: true},
	"an invented event": {change: func(_ *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindTurnInputs })
		e := r.Events[i]
		e.Kind, e.Payload = interview.KindReplyEnded, json.RawMessage(`{"reply":99,"heard":"","played":0}`)
		r.Events = slices.Insert(r.Events, i+1, e)
		renumber(r)
		return true
	}, replay: true, unsealed: true},
	"a changed seal": {change: func(_ *testing.T, r *record.Record) bool {
		if r.Seal != nil {
			r.Seal.MAC[3] ^= 1
		}
		return r.Seal != nil
	}, verify: true},
	"a missing seal": {change: func(_ *testing.T, r *record.Record) bool {
		sealed := r.Seal != nil
		r.Seal = nil
		return sealed
	}, verify: true},
	"a changed time": {change: func(_ *testing.T, r *record.Record) bool {
		r.Events[1].At = r.Events[1].At.Add(time.Millisecond)
		return r.Seal != nil
	}, verify: true},
	"another rule of the conversation": {change: func(t *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindTurnBegan })
		began := payload[interview.TurnBegan](t, r.Events[i])
		var cfg turn.Config
		if err := json.Unmarshal(began.Config, &cfg); err != nil {
			t.Fatal(err)
		}
		// A pause that nobody in the corpus makes: turns that passed by one do not pass.
		cfg.EndComplete, cfg.EndUnsure, cfg.EndDangling, cfg.EndOpen = 3*time.Second, 5*time.Second, 8*time.Second, 15*time.Second
		began.Config = marshal(t, cfg)
		r.Events[i].Payload = marshal(t, began)
		return true
	}, only: "talk barge_in another_device connection_lost shut_down model_fails", replay: true, unsealed: true},
	"another number of the beginning": {change: func(t *testing.T, r *record.Record) bool {
		i := slices.IndexFunc(r.Events, func(e interview.Event) bool { return e.Kind == interview.KindTurnBegan })
		began := payload[interview.TurnBegan](t, r.Events[i])
		began.Numbers = marshal(t, turn.Resume{Turn: 7})
		r.Events[i].Payload = marshal(t, began)
		return true
	}, replay: true, unsealed: true},
}

// changeLine changes the text of a line in the event and in the transcript.
func changeLine(kind interview.EventKind, field string) func(t *testing.T, r *record.Record) bool {
	return func(t *testing.T, r *record.Record) bool {
		for i, e := range r.Events {
			line, is, err := record.LineOf(e)
			if e.Kind != kind || err != nil || !is {
				continue
			}
			doc := payload[map[string]any](t, e)
			changed := line.Content + " Indeed."
			doc[field] = changed
			r.Events[i].Payload = marshal(t, doc)
			for n := range r.Lines {
				if r.Lines[n].Seq == e.Seq {
					r.Lines[n].Content = changed
				}
			}
			return true
		}
		return false
	}
}

// renumber makes a changed record look as if nothing had been there.
func renumber(r *record.Record) {
	var lines []record.Line
	for i := range r.Events {
		r.Events[i].Seq = interview.Seq(i + 1)
		if i > 0 {
			r.Events[i].Clock = max(r.Events[i].Clock, r.Events[i-1].Clock)
		}
		if l, is, err := record.LineOf(r.Events[i]); err == nil && is {
			l.Source = "voice"
			lines = append(lines, l)
		}
	}
	r.Lines = lines
	r.Quarantined = nil
	for _, e := range r.Events {
		if e.Kind == interview.KindQuarantined {
			r.Quarantined = append(r.Quarantined, record.Quarantined{Seq: e.Seq, Fence: e.Fence, Kind: kindOf(e)})
		}
	}
}

func marshal(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
