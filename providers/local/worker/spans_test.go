package worker

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vantahire/vantahire/providers/local/wire"
)

func TestSpansGiveEachWordItsTime(t *testing.T) {
	t.Parallel()
	second := func(n int) int { return n * wire.Rate }
	for name, tc := range map[string]struct {
		text   string
		tokens []token
		want   []wire.Span
	}{
		"one token per word": {
			"Hello, you",
			[]token{{7, 1, 2}, {10, 2, 3}},
			[]wire.Span{{From: second(1), To: second(2)}, {From: second(2), To: second(3)}},
		},
		"a dash has no sound": {
			"a - b",
			[]token{{2, 1, 2}, {4, 0, 0}, {5, 3, 4}},
			[]wire.Span{{From: second(1), To: second(2)}, {From: second(2), To: second(2)}, {From: second(3), To: second(4)}},
		},
		"a word of several tokens": {
			"(a)b c",
			[]token{{3, 1, 2}, {5, 2, 3}, {6, 4, 5}},
			[]wire.Span{{From: second(1), To: second(3)}, {From: second(4), To: second(5)}},
		},
		"no tokens at all": {"a b", nil, []wire.Span{{}, {}}},
		"no words at all":  {"", []token{{1, 1, 2}}, nil},
		"times that run backwards": {
			"a b",
			[]token{{2, 3, 4}, {3, 1, 2}},
			[]wire.Span{{From: second(3), To: second(4)}, {From: second(4), To: second(4)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := spans(tc.text, tc.tokens)
			if len(got) == 0 && len(tc.want) == 0 {
				return
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
