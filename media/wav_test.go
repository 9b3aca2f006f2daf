package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func wavFile(t testing.TB, f WAVFormat, pcm []int16) []byte {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "x.wav"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w, err := NewWAVWriter(file, f)
	if err != nil {
		t.Fatal(err)
	}
	for half := range 2 {
		if err := w.Write(pcm[half*len(pcm)/2 : (half+1)*len(pcm)/2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestWAVComesBackAsItWasWritten(t *testing.T) {
	t.Parallel()
	pcm := []int16{0, 1, -1, 32767, -32768, 7, 100, 300}
	raw := wavFile(t, WAVFormat{Rate: PlayRate, Channels: 1}, pcm)
	if size := binary.LittleEndian.Uint32(raw[40:]); int(size) != 2*len(pcm) || int(binary.LittleEndian.Uint32(raw[4:])) != len(raw)-8 {
		t.Errorf("the header tells of %d bytes of audio in a file of %d", size, len(raw))
	}
	got, rate, err := ReadWAV(iotest.OneByteReader(bytes.NewReader(raw)), len(pcm))
	if err != nil || rate != PlayRate || !slices.Equal(got, pcm) {
		t.Errorf("%v at %d, %v", got, rate, err)
	}
	stereo, _, err := ReadWAV(bytes.NewReader(wavFile(t, WAVFormat{Rate: 8000, Channels: 2}, pcm)), 100)
	if want := []int16{0, 16383, -16380, 200}; err != nil || !slices.Equal(stereo, want) {
		t.Errorf("two channels mixed are %v, want %v: %v", stereo, want, err)
	}
	if _, _, err := ReadWAV(bytes.NewReader(raw), len(pcm)-1); !errors.Is(err, ErrWAVTooLong) {
		t.Errorf("a file longer than accepted: %v", err)
	}
}

// A file whose writer was killed, and a stream that can't seek, say that their
// length is unknown.
func TestWAVOfUnknownLengthIsReadToItsEnd(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	w, err := NewWAVWriter(&buf, WAVFormat{Rate: MicRate, Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Write([]int16{1, 2, 3}), w.Close()); err != nil {
		t.Fatal(err)
	}
	got, _, err := ReadWAV(bytes.NewReader(append(buf.Bytes(), 9)), 10) // half a sample at the end
	if err != nil || !slices.Equal(got, []int16{1, 2, 3}) {
		t.Errorf("%v, %v", got, err)
	}
}

func header(parts ...string) []byte {
	return []byte("RIFF\x00\x00\x00\x00WAVE" + strings.Join(parts, ""))
}

// formatChunk is 16-bit PCM unless told otherwise.
func formatChunk(tag, channels uint16, rate uint32, bits uint16) string {
	b := binary.LittleEndian.AppendUint32([]byte("fmt "), 16)
	b = binary.LittleEndian.AppendUint16(b, tag)
	b = binary.LittleEndian.AppendUint16(b, channels)
	b = binary.LittleEndian.AppendUint32(b, rate)
	b = append(b, make([]byte, 6)...)
	return string(binary.LittleEndian.AppendUint16(b, bits))
}

func TestWAVOfOtherPrograms(t *testing.T) {
	t.Parallel()
	data := "data\x04\x00\x00\x00\x01\x00\x02\x00"
	extensible := make([]byte, 40)
	copy(extensible, formatChunk(wavExtensible, 1, 16000, 16)[8:])
	binary.LittleEndian.PutUint16(extensible[24:], wavPCM)
	for name, raw := range map[string][]byte{
		"plain":                     header(formatChunk(wavPCM, 1, 16000, 16), data),
		"a tag of odd length first": header("LIST\x03\x00\x00\x00abc\x00", formatChunk(wavPCM, 1, 16000, 16), data),
		"extensible":                header("fmt \x28\x00\x00\x00", string(extensible), data),
		"something behind":          header(formatChunk(wavPCM, 1, 16000, 16), data, "LIST\x02\x00\x00\x00ab"),
	} {
		got, rate, err := ReadWAV(bytes.NewReader(raw), 100)
		if err != nil || rate != 16000 || !slices.Equal(got, []int16{1, 2}) {
			t.Errorf("%s: %v at %d, %v", name, got, rate, err)
		}
	}
}

func TestWhatIsNoWAVIsRefused(t *testing.T) {
	t.Parallel()
	data := "data\x04\x00\x00\x00\x01\x00\x02\x00"
	for name, raw := range map[string][]byte{
		"nothing":           nil,
		"an MP3":            []byte("ID3\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
		"only a header":     header(),
		"cut in a chunk":    header("LIST\xff\x00\x00\x00ab"),
		"no format":         header(data),
		"A-law":             header(formatChunk(6, 1, 8000, 8), data),
		"24 bits":           header(formatChunk(wavPCM, 1, 48000, 24), data),
		"six channels":      header(formatChunk(wavPCM, 6, 48000, 16), data),
		"no channel":        header(formatChunk(wavPCM, 0, 48000, 16), data),
		"no rate":           header(formatChunk(wavPCM, 1, 0, 16), data),
		"an absurd rate":    header(formatChunk(wavPCM, 1, 1<<31, 16), data),
		"a short format":    header("fmt \x04\x00\x00\x00abcd", data),
		"a huge format":     header("fmt \xff\xff\xff\xff", data),
		"a huge tag":        header("LIST\xff\xff\xff\x7f", strings.Repeat("x", 1000)),
		"too much to start": header(strings.Repeat("LIST\x00\x00\x10\x00"+strings.Repeat("x", 1<<20), 5)),
	} {
		if _, _, err := ReadWAV(bytes.NewReader(raw), 100); !errors.Is(err, ErrWAV) {
			t.Errorf("%s: %v", name, err)
		}
	}
	broken := errors.New("disk gone")
	for at, raw := range [][]byte{header(), header(formatChunk(wavPCM, 1, 16000, 16), "data\x10\x00\x00\x00\x01\x00")} {
		if _, _, err := ReadWAV(io.MultiReader(bytes.NewReader(raw), iotest.ErrReader(broken)), 100); !errors.Is(err, broken) {
			t.Errorf("reading fails at %d: %v", at, err)
		}
	}
	for _, f := range []WAVFormat{{}, {Rate: 16000, Channels: 3}, {Rate: 1, Channels: 1}} {
		if _, err := NewWAVWriter(io.Discard, f); !errors.Is(err, ErrWAV) {
			t.Errorf("writing %+v: %v", f, err)
		}
	}
}

type failingWriter struct{ after int }

func (f *failingWriter) Write(p []byte) (int, error) {
	if f.after--; f.after < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWAVWriterTellsOfAFullDisk(t *testing.T) {
	t.Parallel()
	format := WAVFormat{Rate: 16000, Channels: 1}
	if _, err := NewWAVWriter(&failingWriter{}, format); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the header: %v", err)
	}
	w, err := NewWAVWriter(&failingWriter{after: 1}, format)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]int16{1}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("the audio: %v", err)
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(header(formatChunk(wavPCM, 1, 16000, 16), "data\x04\x00\x00\x00\x01\x00\x02\x00"))
	f.Add(header(formatChunk(wavPCM, 2, 48000, 16), "data\x00\x00\x00\x00\x01\x00\x02\x00\x03"))
	f.Add(header("LIST\x03\x00\x00\x00abc\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		pcm, rate, err := ReadWAV(bytes.NewReader(raw), 1000)
		if err != nil {
			if !errors.Is(err, ErrWAV) && !errors.Is(err, ErrWAVTooLong) {
				t.Errorf("an unnamed error: %v", err)
			}
			return
		}
		if len(pcm) > 1000 || rate < minRate || rate > maxRate || 2*len(pcm) > len(raw) {
			t.Errorf("%d samples at %d Hz out of %d bytes", len(pcm), rate, len(raw))
		}
	})
}
