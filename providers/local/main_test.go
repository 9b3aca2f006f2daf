package local

import (
	"context"
	"errors"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/vantahire/vantahire/providers"
	"github.com/vantahire/vantahire/providers/local/worker"
)

// workerVariable makes this test binary a speech worker.
const workerVariable = "VANTAHIRE_TEST_SPEECH_WORKER"

func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		os.Exit(worker.Main(context.Background(), os.Stdin, os.Stdout, os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// realSpeech is a pool of this binary's own workers over the machine's libraries.
// A machine without them skips: scripts/install-speech.sh brings them.
func realSpeech(t testing.TB, workers int) *Speech {
	t.Helper()
	s, err := NewSpeech(context.Background(), SpeechConfig{
		Command: []string{os.Args[0]},
		Env:     append(os.Environ(), workerVariable+"=1"),
		Workers: workers,
	})
	if errors.Is(err, providers.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	if st := s.Status(); !st.Hear.Available || !st.Speak.Available {
		t.Skipf("missing %s %s: %s", st.Speak.Missing, st.Hear.Missing, howToInstall)
	}
	return s
}
