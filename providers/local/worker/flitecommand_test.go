//go:build unix

package worker

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// program writes a shell script that stands in for flite.
func program(t *testing.T, script string) *fliteCommand {
	t.Helper()
	path := filepath.Join(t.TempDir(), "flite")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // a program must be executable
		t.Fatal(err)
	}
	return &fliteCommand{path: path}
}

func TestTheCommandSpeaksWhereThereIsNoLibrary(t *testing.T) {
	t.Parallel()
	// 44 bytes of header, 9000 bytes of sound.
	f := program(t, `head -c 9044 /dev/zero`)
	samples := 0
	err := f.speak(t.Context(), "hello", 1, func([]wire.Span) { t.Error("it claims to know word times") }, func(pcm []int16) bool {
		samples += len(pcm)
		return true
	})
	if err != nil || samples != 4500 {
		t.Errorf("%d samples, err %v; want 4500", samples, err)
	}
}

func TestTheCommandIsKilledWhenNobodyListens(t *testing.T) {
	t.Parallel()
	pieces := 0
	err := program(t, `exec cat /dev/zero`).speak(t.Context(), "hello", 1, nil, func([]int16) bool {
		pieces++
		return pieces < 3
	})
	if err != nil || pieces != 3 {
		t.Errorf("%d pieces, err %v; want 3 and no error", pieces, err)
	}
}

func TestACommandThatFailsSaysSo(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*fliteCommand{
		"it is not there":       {path: "/nowhere/flite"},
		"it makes no sound":     program(t, "exit 0"),
		"it ends with an error": program(t, "head -c 100 /dev/zero; exit 3"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := f.speak(context.Background(), "hello", 1, nil, func([]int16) bool { return true }); err == nil {
				t.Error("no error")
			}
		})
	}
}
