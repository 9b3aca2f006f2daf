package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"time"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// wavHeader is the length of the header flite writes in front of the sound. Its
// length fields are wrong when the output is a pipe, so it is skipped unread.
const wavHeader = 44

// fliteCommand speaks through the program flite, where its library can't be
// loaded. It knows no word times.
type fliteCommand struct {
	path string
}

// speak implements voice. The end of ctx kills the program.
func (f *fliteCommand) speak(ctx context.Context, text string, rate float64, _ func([]wire.Span), sound func([]int16) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stretch := strconv.FormatFloat(1/rate, 'f', 3, 64)
	cmd := exec.CommandContext(ctx, f.path, "-voice", "slt", "--setf", "duration_stretch="+stretch, "-t", text, "-o", "/dev/stdout") //nolint:gosec // the path comes from this process's own command line
	cmd.SysProcAttr = dieWithParent()
	cmd.WaitDelay = time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("start %s: %w", f.path, err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", f.path, err)
	}
	reading := copySound(out, sound)
	if reading != nil {
		cancel()
	}
	if err := cmd.Wait(); err != nil && reading == nil {
		return fmt.Errorf("run %s: %w", f.path, err)
	}
	if errors.Is(reading, errRefused) {
		return nil
	}
	return reading
}

// errRefused indicates that the listener wants no more.
var errRefused = errors.New("sound refused")

func copySound(r io.Reader, sound func([]int16) bool) error {
	if _, err := io.CopyN(io.Discard, r, wavHeader); err != nil {
		return fmt.Errorf("read the header of flite's sound: %w", err)
	}
	buf := make([]byte, 2*nextPiece)
	for {
		n, err := io.ReadFull(r, buf)
		if n >= 2 {
			pcm, decodeErr := wire.Samples(buf[:n/2*2])
			if decodeErr != nil {
				return decodeErr
			}
			if !sound(pcm) {
				return errRefused
			}
		}
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
			return nil
		case err != nil:
			return fmt.Errorf("read flite's sound: %w", err)
		}
	}
}

// nextPiece is how much sound of the command is handed over at once: 100 ms.
const nextPiece = wire.Rate / 10
