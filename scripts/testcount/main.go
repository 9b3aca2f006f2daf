// Command testcount runs go test with the given flags, shows what failed in full
// and what passed as a line a package, and ends with the counts. It exits like go
// test.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// event is a line of go test -json.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

type counts struct{ passed, failed, skipped int }

func main() {
	cmd := exec.Command("go", append([]string{"test", "-json"}, os.Args[1:]...)...) //nolint:gosec,noctx // it runs the developer's own tests to their end
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		fatal(err)
	}
	if err := cmd.Start(); err != nil {
		fatal(err)
	}
	c := report(out, os.Stdout)
	err = cmd.Wait()
	fmt.Printf("%d passed, %d failed, %d skipped\n", c.passed, c.failed, c.skipped)
	if err != nil || c.failed > 0 {
		os.Exit(1)
	}
}

func fatal(err error) {
	_, _ = fmt.Fprintln(os.Stderr, "testcount:", err)
	os.Exit(1)
}

// key is a test, or a package where Test is empty.
type key struct{ Package, Test string }

// report prints the packages' results as they come and counts the tests.
func report(in io.Reader, out io.Writer) counts {
	r := reporter{out: out, said: map[key][]string{}, failed: map[string]bool{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			_, _ = fmt.Fprintln(out, lines.Text()) // not of a test: what the go command says
			continue
		}
		r.take(e)
	}
	if err := lines.Err(); err != nil {
		_, _ = fmt.Fprintln(out, "testcount: reading the results:", err)
		r.counts.failed++
	}
	return r.counts
}

// reporter knows what was said until the result is known.
type reporter struct {
	out    io.Writer
	counts counts
	said   map[key][]string
	failed map[string]bool // packages with a failed test
}

func (r *reporter) take(e event) {
	k := key{e.Package, e.Test}
	switch e.Action {
	case "output":
		r.said[k] = append(r.said[k], e.Output)
	case "build-output":
		_, _ = fmt.Fprint(r.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.finishPackage(e)
		} else {
			r.finishTest(e)
		}
		delete(r.said, k)
	}
}

func (r *reporter) finishTest(e event) {
	switch e.Action {
	case "pass":
		r.counts.passed++
		return
	case "skip":
		r.counts.skipped++
	case "fail":
		r.counts.failed++
		r.failed[e.Package] = true
	}
	r.show(key{e.Package, e.Test})
}

// finishPackage ends a package. One that fails without a failed test did not
// build, leaked, crashed or hung: that is a failure too, and what its unfinished
// tests said is the clue.
func (r *reporter) finishPackage(e event) {
	switch e.Action {
	case "pass":
		_, _ = fmt.Fprintf(r.out, "ok  \t%s\t%.1fs\n", e.Package, e.Elapsed)
	case "fail":
		if !r.failed[e.Package] {
			r.counts.failed++
		}
		for k := range r.said {
			if k.Package == e.Package && k.Test != "" {
				r.show(k)
				delete(r.said, k)
			}
		}
		r.show(key{Package: e.Package})
	}
}

func (r *reporter) show(k key) { _, _ = fmt.Fprint(r.out, strings.Join(r.said[k], "")) }
