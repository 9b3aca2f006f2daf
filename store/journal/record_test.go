package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/interview"
)

func TestEveryFieldOfAnEventComesBackByteForByte(t *testing.T) {
	t.Parallel()
	with := func(change func(*interview.Event)) interview.Event {
		ev := event(1)
		change(&ev)
		return ev
	}
	payload := func(text string) interview.Event {
		return with(func(ev *interview.Event) { ev.Payload = json.RawMessage(text) })
	}
	for name, ev := range map[string]interview.Event{
		"a usual one":                         event(1),
		"no field set":                        {},
		"the largest numbers":                 with(func(ev *interview.Event) { ev.Seq, ev.Fence, ev.Clock = math.MaxInt64, math.MaxInt64, math.MaxInt64 }),
		"the smallest numbers":                with(func(ev *interview.Event) { ev.Seq, ev.Fence, ev.Clock = math.MinInt64, math.MinInt64, math.MinInt64 }),
		"a time with nanoseconds":             with(func(ev *interview.Event) { ev.At = time.Unix(1, 999_999_999).UTC() }),
		"a time long ago":                     with(func(ev *interview.Event) { ev.At = time.Unix(-1e12, 1).UTC() }),
		"a year of six digits":                with(func(ev *interview.Event) { ev.At = time.Unix(1e13, 1).UTC() }),
		"an interview that is no text":        with(func(ev *interview.Event) { ev.Interview = "\xff\x00\n" }),
		"a kind that is no text":              with(func(ev *interview.Event) { ev.Kind = "\xc3" }),
		"an interview with line ends":         with(func(ev *interview.Event) { ev.Interview = "a\nb\r\u2028<&>\x00" }),
		"no payload":                          with(func(ev *interview.Event) { ev.Payload = nil }),
		"an empty payload":                    payload(""),
		"a payload of null":                   payload("null"),
		"a payload with spaces":               payload(`{ "a" : 1 }`),
		"a payload with a line feed":          payload("{\"a\":\n1}"),
		"a payload with markup":               payload(`{"a":"<b>&\u003c` + "\u2028" + `"}`),
		"a payload with a NUL":                payload("{\"a\":\"\x00\"}"),
		"a payload with an escaped NUL":       payload(`{"a":"\u0000"}`),
		"a payload of broken UTF-8":           payload("{\"a\":\"\xff\xfe\"}"),
		"a payload with a lone surrogate":     payload(`{"a":"\ud800"}`),
		"a payload that is cut":               payload(`{"a":`),
		"two payloads":                        payload(`{}{}`),
		"a payload that closes its record":    payload(`1},"seq":7`),
		"a payload of bytes":                  payload("\x00\x01\xfe\xff\n\n"),
		"a payload with a number kept as is":  payload(`{"a":1.000,"b":12345678901234567890123,"a":1E+2}`),
		"a payload nested too deep to read":   payload(strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)),
		"a payload nested as deep as allowed": payload(strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999)),
		"a payload of many short lists":       payload("[" + strings.Repeat("[],", 20_000) + "[]]"),
		"a payload that looks like a record":  payload(`"00000000 {\"seq\":1}"`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			line, err := appendEvent([]byte("before"), ev)
			if err != nil {
				t.Fatal(err)
			}
			line, found := bytes.CutPrefix(line, []byte("before"))
			text, ended := bytes.CutSuffix(line, []byte("\n"))
			if !found || !ended || bytes.ContainsAny(text, "\n\x00") {
				t.Fatalf("not a line: %q", line)
			}
			back, err := parseEvent(text)
			if err != nil {
				t.Fatalf("%v: %q", err, text)
			}
			if diff := cmp.Diff(ev, back); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAnEventHappenedWhenItDidWhereverTheClockIs(t *testing.T) {
	t.Parallel()
	ev := event(1)
	ev.At = time.Date(2026, 5, 4, 12, 0, 0, 0, time.FixedZone("", 3600))
	line, err := appendEvent(nil, ev)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := parseEvent(bytes.TrimSuffix(line, []byte("\n"))); err != nil || !back.At.Equal(ev.At) || back.At.Location() != time.UTC {
		t.Errorf("%s, %v", back.At, err)
	}
}

func TestLinesThatAreNoRecordAreRefused(t *testing.T) {
	t.Parallel()
	sound := func(text string) string {
		line, err := appendLine(nil, json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSuffix(string(line), "\n")
	}
	good, err := appendEvent(nil, interview.Event{Seq: 0xabcdef})
	if err != nil {
		t.Fatal(err)
	}
	line := strings.TrimSuffix(string(good), "\n")
	for name, text := range map[string]string{
		"nothing":                      "",
		"a checksum alone":             "00000000",
		"the checksum of nothing":      "00000000 ",
		"a wrong checksum":             "00000000" + line[8:],
		"no space":                     line[:8] + "\t" + line[9:],
		"a checksum in capitals":       strings.ToUpper(line[:8]) + line[8:],
		"a checksum with a sign":       "+" + line[1:],
		"a text more":                  line + " ",
		"a sound line that is a list":  sound(`[1]`),
		"a sound line of other types":  sound(`{"seq":"1"}`),
		"a second with too many parts": sound(`{"seq":1,"nanosecond":1000000000}`),
		"a second with missing parts":  sound(`{"seq":1,"nanosecond":-1}`),
	} {
		if name == "a checksum in capitals" && text == line {
			t.Fatal("the case says nothing: choose an event whose checksum has letters")
		}
		if ev, err := parseEvent([]byte(text)); !errors.Is(err, errRecord) {
			t.Errorf("%s is read as %+v, %v", name, ev, err)
		}
	}
	if _, err := parseEvent([]byte(line)); err != nil {
		t.Error(err)
	}
}

func TestAnEventThatIsTooLargeIsRefusedAndHarmsNothing(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir(), Options{})
	appendAll(t, j, event(1))
	large := event(2)
	large.Payload = bytes.Repeat([]byte{0xff}, maxRecord*3/4) // four letters for three bytes
	if err := j.Append([]interview.Event{event(3), large}); !errors.Is(err, ErrTooLarge) || len(err.Error()) > 200 || !strings.Contains(err.Error(), "event 2") {
		t.Fatalf("%.200v", err)
	}
	appendAll(t, j, event(4))
	if got := seqs(t, j); !cmp.Equal(got, []int{1, 4}) {
		t.Error(got)
	}
	large.Payload = large.Payload[:readBytes*3/4]
	appendAll(t, j, large)
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	again := open(t, filepath.Dir(j.dir), Options{})
	if got := seqs(t, again); !cmp.Equal(got, []int{1, 4}) { // what one Read brings is bounded
		t.Error(got)
	}
	if err := again.Release(2); err != nil {
		t.Fatal(err)
	}
	if got, err := again.Read(10); err != nil || !cmp.Equal(numbers(got), []int{2}) || !bytes.Equal(got[0].Payload, large.Payload) {
		t.Errorf("%v, %v", numbers(got), err)
	}
	if s := again.Stats(); s.Damaged != 0 {
		t.Errorf("%+v", s)
	}
}

// FuzzRecord reads lines from anywhere, and brings payloads and texts of any bytes
// there and back.
func FuzzRecord(f *testing.F) {
	for _, ev := range []interview.Event{event(1), {}, {Interview: "\xff", Kind: "\xfe", Payload: json.RawMessage("\x00")}} {
		line, err := appendEvent(nil, ev)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.TrimSuffix(line, []byte("\n")), "i", int64(1))
	}
	head, err := appendLine(nil, header{Format: format, Version: version, Ends: map[int64]int64{1: 2}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bytes.TrimSuffix(head, []byte("\n")), "", int64(-1))
	f.Add([]byte(`{"a":[1, 2]}`), "a\xff\n", int64(1e18))
	f.Fuzz(func(t *testing.T, data []byte, text string, number int64) {
		if ev, err := parseEvent(data); err == nil {
			again(t, ev)
		}
		if text, err := appendLine(nil, json.RawMessage(data)); err == nil { // with a sound checksum
			text = bytes.TrimSuffix(text, []byte("\n"))
			if ev, err := parseEvent(text); err == nil {
				again(t, ev)
			}
			parseHeader(text)
		}
		parseHeader(data)
		n, whole := 0, bytes.Count(data, []byte("\n"))
		scan(bytes.NewReader(data), int64(len(data)), func(l line) {
			n++
			if l.at < 0 || l.at+int64(len(l.text)) > int64(len(data)) || !bytes.HasPrefix(data[l.at:], l.text) {
				t.Errorf("%+v is not in %q", l, data)
			}
			l.sound()
		})
		if n < whole || n > whole+1 {
			t.Errorf("%d lines of %q", n, data)
		}
		again(t, interview.Event{
			Interview: interview.ID(text), Seq: interview.Seq(number), Fence: interview.Fence(number), Kind: interview.EventKind(text),
			At: time.Unix(number%1e15, 7).UTC(), Clock: time.Duration(number), Payload: data,
		})
	})
}

// again brings an event there and back.
func again(t *testing.T, ev interview.Event) {
	t.Helper()
	line, err := appendEvent(nil, ev)
	if err != nil {
		t.Fatal(err)
	}
	back, err := parseEvent(bytes.TrimSuffix(line, []byte("\n")))
	if err != nil || back.Interview != ev.Interview || back.Kind != ev.Kind || back.Seq != ev.Seq || back.Fence != ev.Fence || back.Clock != ev.Clock ||
		!back.At.Equal(ev.At) || !bytes.Equal(back.Payload, ev.Payload) {
		t.Errorf("%+v became %+v, %v", ev, back, err)
	}
}
