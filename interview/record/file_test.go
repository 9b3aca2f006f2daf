package record

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/vantahire/vantahire/interview"
)

func TestARecordIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	r := whole(t)
	r.Late = []interview.Event{r.Events[7]}
	r.Events[2].Interview = "of another one"
	r.Events[4].Payload = json.RawMessage(`{"text":"<b> & \u2028 é","reply":1}`)
	r.Quarantined = []Quarantined{{Seq: 4, Fence: 1, Kind: interview.KindSegmentFinal, Reason: "it has a NUL"}}
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "<b> &") {
		t.Error("the file is not readable for people")
	}
	back, err := Read(iotest.OneByteReader(bytes.NewReader(b.Bytes())))
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Events { // the payload may be written anew; what it says may not change
		a, errA := Canonical(nil, r.Events[i])
		b, errB := Canonical(nil, back.Events[i])
		if errA != nil || errB != nil || !bytes.Equal(a, b) {
			t.Errorf("event %d: %s, %s", i+1, r.Events[i].Payload, back.Events[i].Payload)
		}
		back.Events[i].Payload = r.Events[i].Payload
	}
	if !reflect.DeepEqual(r, back) {
		t.Errorf("%+v\nwas\n%+v", back, r)
	}
	empty := Record{Interview: "i"}
	b.Reset()
	if err := Write(&b, empty); err != nil {
		t.Fatal(err)
	}
	if back, err := Read(&b); err != nil || !reflect.DeepEqual(back, empty) {
		t.Errorf("an empty record: %+v, %v", back, err)
	}
}

func TestForeignFilesAreRefused(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := Write(&b, whole(t)); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(strings.TrimSuffix(b.String(), "\n"), "\n")
	join := func(parts ...string) string { return strings.Join(parts, "") }
	last := len(lines) - 1
	for name, file := range map[string]string{
		"nothing":                     "",
		"another file":                "hello\n",
		"no head":                     join(lines[1:]...),
		"a later version":             strings.Replace(b.String(), `"version":1`, `"version":2`, 1),
		"cut off between lines":       join(lines[:last]...),
		"cut off in a line":           join(lines...)[:b.Len()/2],
		"a line less":                 join(join(lines[:3]...), join(lines[4:]...)),
		"a line more":                 join(join(lines[:3]...), join(lines[2:]...)),
		"something behind the end":    join(join(lines...), "\n", lines[1]),
		"a second head":               join(lines[0], join(lines...)),
		"a field nobody knows":        strings.Replace(b.String(), `"seq":1`, `"seq":1,"x":2`, 1),
		"two documents in a line":     strings.Replace(b.String(), "\n", "{}\n", 1),
		"an event without a payload":  join(lines[0], `{"event":{"seq":1}}`, "\n", `{"entries":1}`),
		"two seals":                   join(lines[0], lines[last-1], lines[last-1], `{"entries":2}`),
		"a line that is far too long": join(lines[0], `{"line":{"content":"`, strings.Repeat("a", maxLine), `"}}`, "\n", `{"entries":1}`),
		"an empty line":               join(lines[0], "\n", join(lines[1:]...)),
	} {
		if _, err := Read(strings.NewReader(file)); !errors.Is(err, ErrNotRecord) {
			t.Errorf("%s: %v", name, err)
		} else if strings.Contains(err.Error(), "programs") {
			t.Errorf("%s: the error quotes the record: %v", name, err)
		}
	}
	if _, err := Read(iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a reader that fails: %v", err)
	}
	if err := Write(failing{}, whole(t)); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("a writer that fails: %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, whole(f)); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"record":{"format":"vantahire record","version":1,"interview":"i"}}` + "\n" + `{"entries":0}`))
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := Read(bytes.NewReader(file))
		if err != nil {
			return
		}
		_ = Verify(r, testKey) // whatever it holds
		var out bytes.Buffer
		if err := Write(&out, r); err != nil {
			t.Fatalf("what was read can't be written: %v", err)
		}
		if _, err := Read(&out); err != nil {
			t.Fatalf("what was written can't be read: %v", err)
		}
	})
}
