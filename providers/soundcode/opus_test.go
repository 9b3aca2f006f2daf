package soundcode

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// opusTool finds a program of opus-tools in PATH or where
// scripts/install-opus-tools.sh unpacks it.
func opusTool(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	if path, err := exec.LookPath(name); err == nil {
		return exec.CommandContext(t.Context(), path, args...)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(cache, "vantahire", "deb", "usr")
	path, err := exec.LookPath(filepath.Join(root, "bin", name))
	if err != nil {
		t.Fatalf("%s is missing; scripts/install-opus-tools.sh brings it", name)
	}
	cmd := exec.CommandContext(t.Context(), path, args...)
	libraries, _ := filepath.Glob(filepath.Join(root, "lib", "*-linux-gnu")) // the pattern is well formed
	cmd.Env = append(os.Environ(), "LD_LIBRARY_PATH="+strings.Join(libraries, ":"))
	return cmd
}

// throughOpus encodes at 24 kbit/s in frames of 20 ms and decodes at 16 kHz, with
// some percent of the packets lost.
func throughOpus(t *testing.T, pcm []int16, rate, loss string) []int16 {
	t.Helper()
	run := func(in []byte, name string, args ...string) []byte {
		cmd := opusTool(t, name, args...)
		var out, fault bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &fault
		if err := cmd.Run(); err != nil {
			t.Fatalf("%s: %v: %s", name, err, fault.String())
		}
		return out.Bytes()
	}
	var raw bytes.Buffer
	if err := binary.Write(&raw, binary.LittleEndian, pcm); err != nil {
		t.Fatal(err)
	}
	packets := run(raw.Bytes(), "opusenc", "--quiet", "--raw", "--raw-rate", rate, "--raw-chan", "1", "--bitrate", "24", "--framesize", "20", "--comp", "5",
		"--expect-loss", loss, "-", "-")
	sound := run(packets, "opusdec", "--quiet", "--rate", "16000", "--no-dither", "--packet-loss", loss, "-", "-")
	out := make([]int16, len(sound)/2)
	if _, err := binary.Decode(sound, binary.LittleEndian, out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestOpusCostsFewWords(t *testing.T) {
	t.Parallel()
	text := said()
	for name, tc := range map[string]struct {
		rate int
		loss string
	}{
		"from 24 kHz":               {24000, "0"},
		"from 16 kHz":               {16000, "0"},
		"from 24 kHz with 2 % loss": {24000, "2"},
		"from 48 kHz with 2 % loss": {48000, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pcm, _ := Voice{}.Speak(text, tc.rate)
			rate := map[int]string{16000: "16000", 24000: "24000", 48000: "48000"}[tc.rate]
			got := heard(throughOpus(t, pcm, rate, tc.loss), 16000)
			words := Words(text)
			errors := wordErrors(words, got)
			t.Logf("%d errors in %d words", errors, len(words))
			if errors*100 > len(words) {
				t.Errorf("%d errors in %d words, want at most 1 %%", errors, len(words))
			}
			if n := wrong(words, got); n > 0 {
				t.Errorf("%d words were heard that nobody said", n)
			}
		})
	}
}
