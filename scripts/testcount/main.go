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
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
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

// report prints the packages' results as they come and counts the tests.
func report(in io.Reader, out io.Writer) counts {
	var c counts
	said := map[string][]string{} // output by package and test, until its result is known
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			_, _ = fmt.Fprintln(out, lines.Text()) // not of a test: what the build says
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output":
			said[key] = append(said[key], e.Output)
		case "build-output":
			_, _ = fmt.Fprint(out, e.Output)
		case "pass", "fail", "skip":
			finish(out, &c, e, said[key])
			delete(said, key)
		}
	}
	return c
}

// finish prints one test's or package's result.
func finish(out io.Writer, c *counts, e event, said []string) {
	if e.Test != "" {
		switch e.Action {
		case "pass":
			c.passed++
		case "skip":
			c.skipped++
			_, _ = fmt.Fprint(out, strings.Join(said, ""))
		case "fail":
			c.failed++
			_, _ = fmt.Fprint(out, strings.Join(said, ""))
		}
		return
	}
	switch e.Action {
	case "fail":
		_, _ = fmt.Fprint(out, strings.Join(said, ""))
		if len(said) == 0 { // it did not build
			c.failed++
		}
	case "pass":
		_, _ = fmt.Fprintf(out, "ok  \t%s\t%.1fs\n", e.Package, e.Elapsed)
	}
}
