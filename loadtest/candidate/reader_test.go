package candidate

import (
	"strings"
	"testing"
	"time"
)

// fakeReader reads the same words from every sound.
type fakeReader struct{ sound []string }

func (f fakeReader) Read(pcm []int16, _ int) []string {
	if len(pcm) == 0 {
		return nil
	}
	return f.sound
}

func (fakeReader) Words(text string) []string { return strings.Fields(text) }

func TestSoundThatSaysSomethingElseIsFound(t *testing.T) {
	t.Parallel()
	r, err := run(t, faults{}, func(o *Options) {
		speak(o)
		o.Reader = fakeReader{sound: []string{"quite", "another", "thing"}}
	})
	if err != nil {
		t.Fatal(err)
	}
	problems := strings.Join(r.Problems, "\n")
	for _, want := range []string{"sounds otherwise than its line", `"quite" "another" "thing"`, "was not understood to the word"} {
		if !strings.Contains(problems, want) {
			t.Errorf("%q is not among the problems:\n%s", want, problems)
		}
	}
	if r.WordsRead != 3*len(r.Said) {
		t.Errorf("%d words were read of %d replies", r.WordsRead, len(r.Said))
	}
}

func TestWhatWasHeardOfACutReplyMayBeAWordOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		line  string
		sound []string
		ok    bool
	}{
		"the same":                 {"one two three", []string{"one", "two", "three"}, true},
		"the last word cut":        {"one two three", []string{"one", "two"}, true},
		"a word more was heard":    {"one two", []string{"one", "two", "three"}, true},
		"two words more":           {"one", []string{"one", "two", "three"}, false},
		"two words were not heard": {"one two three", []string{"one"}, false},
		"another word":             {"one two three", []string{"one", "too", "three"}, false},
		"nothing of either":        {"", nil, true},
	} {
		call := &Candidate{o: Options{Reader: fakeReader{sound: c.sound}}}
		b := BargeIn{Reply: 2, Heard: c.line}
		call.checkHeard(&b, make([]int16, 100))
		if ok := len(call.report.Problems) == 0; ok != c.ok {
			t.Errorf("%s: problems %q", name, call.report.Problems)
		}
	}
}

func TestTheServersUsageIsRead(t *testing.T) {
	t.Parallel()
	api := metrics(t, 200, `# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 1.5
# TYPE process_resident_memory_bytes gauge
process_resident_memory_bytes 1e+08
# TYPE go_goroutines gauge
go_goroutines 42
# TYPE go_memstats_heap_inuse_bytes gauge
go_memstats_heap_inuse_bytes 5e+07
# TYPE vantahire_calls_live gauge
vantahire_calls_live 7
`)
	u, err := api.Usage(t.Context())
	if err != nil || u.CPU != 1500*time.Millisecond || u.Memory != 1e8 || u.Goroutines != 42 || u.Heap != 5e7 || u.Live != 7 {
		t.Errorf("%+v, %v", u, err)
	}
	if _, err := metrics(t, 200, "# TYPE other gauge\nother 1\n").Usage(t.Context()); err == nil {
		t.Error("a server that tells nothing is no error")
	}
	if _, err := metrics(t, 404, "").Usage(t.Context()); err == nil {
		t.Error("a server that hides its metrics is no error")
	}
}
