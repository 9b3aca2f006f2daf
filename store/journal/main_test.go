package journal

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/vantahire/vantahire/interview"
)

const said = "I worked for four years on the payment service and cut its error rate by half; what I liked most was that we were few."

// event is the n-th event of a call, about as large as one is.
func event(n int) interview.Event {
	payload, err := json.Marshal(interview.TurnCommitted{Turn: interview.TurnNo(n), Text: fmt.Sprintf("%d. %s", n, said), Segments: []interview.SegmentNo{1}})
	if err != nil {
		panic(err)
	}
	return interview.Event{
		Interview: "a6f1f2c0-6a67-4d5a-9a8e-d7f1d3f6c1aa", Seq: interview.Seq(n), Fence: 3, Kind: interview.KindTurnCommitted,
		At: time.UnixMilli(1_770_000_000_000 + int64(n)).UTC(), Clock: time.Duration(n) * time.Second, Payload: payload,
	}
}

// events are those from first to last.
func events(first, last int) []interview.Event {
	var list []interview.Event
	for n := first; n <= last; n++ {
		list = append(list, event(n))
	}
	return list
}

// open takes a slot of dir.
func open(t testing.TB, dir string, o Options) *Journal {
	t.Helper()
	j, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func appendAll(t testing.TB, j *Journal, list ...interview.Event) {
	t.Helper()
	if err := j.Append(list); err != nil {
		t.Fatal(err)
	}
}

// seqs reads everything and returns the numbers.
func seqs(t testing.TB, j *Journal) []int {
	t.Helper()
	list, err := j.Read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	return numbers(list)
}

func numbers(list []interview.Event) []int {
	found := make([]int, len(list))
	for i, ev := range list {
		found[i] = int(ev.Seq)
	}
	return found
}

// upTo is first, ..., last.
func upTo(first, last int) []int {
	list := make([]int, 0, last-first+1)
	for n := first; n <= last; n++ {
		list = append(list, n)
	}
	return list
}
