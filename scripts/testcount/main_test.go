package main

import (
	"strings"
	"testing"
)

// ran is what go test -json says, one event a line.
func ran(lines ...string) *strings.Reader { return strings.NewReader(strings.Join(lines, "\n") + "\n") }

func TestReportCountsAndShowsWhatFailed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		events   []string
		want     counts
		shown    string
		notShown string
	}{
		"a test that passes is quiet": {
			[]string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}`,
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"pass","Package":"p","Elapsed":1.25}`,
			}, counts{passed: 1}, "ok  \tp\t1.2s", "chatter",
		},
		"a test that fails is shown in full": {
			[]string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"a_test.go:7: got 1\n"}`,
				`{"Action":"fail","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"FAIL\n"}`,
				`{"Action":"fail","Package":"p"}`,
			}, counts{failed: 1}, "a_test.go:7: got 1", "ok  ",
		},
		"a skipped test is counted and told": {
			[]string{
				`{"Action":"output","Package":"p","Test":"TestA","Output":"no speech here\n"}`,
				`{"Action":"skip","Package":"p","Test":"TestA"}`,
			}, counts{skipped: 1}, "no speech here", "ok  ",
		},
		"a package that does not build is a failure": {
			[]string{
				`{"Action":"build-output","ImportPath":"p","Output":"p.go:3: undefined: x\n"}`,
				`{"Action":"fail","Package":"p"}`,
			}, counts{failed: 1}, "undefined: x", "ok  ",
		},
		"a package that dies outside its tests is a failure": {
			[]string{
				`{"Action":"pass","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Output":"goleak: found unexpected goroutines\n"}`,
				`{"Action":"fail","Package":"p"}`,
			}, counts{passed: 1, failed: 1}, "found unexpected goroutines", "ok  ",
		},
		"a test that hangs is named by what it said": {
			[]string{
				`{"Action":"run","Package":"p","Test":"TestA"}`,
				`{"Action":"output","Package":"p","Test":"TestA","Output":"panic: test timed out after 20m0s\n"}`,
				`{"Action":"fail","Package":"p"}`,
			}, counts{failed: 1}, "test timed out", "ok  ",
		},
		"what is no event is passed on": {
			[]string{"go: downloading x", `{"Action":"pass","Package":"p"}`}, counts{}, "go: downloading x", "{",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			got := report(ran(tc.events...), &out)
			if got != tc.want {
				t.Errorf("counts %+v, want %+v", got, tc.want)
			}
			if !strings.Contains(out.String(), tc.shown) || strings.Contains(out.String(), tc.notShown) {
				t.Errorf("shown:\n%s\nwant %q, and not %q", out.String(), tc.shown, tc.notShown)
			}
		})
	}
}
