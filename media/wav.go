package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

var (
	// ErrWAV indicates that the data is no WAV file that can be read here: RIFF
	// with 16-bit PCM, one or two channels.
	ErrWAV = errors.New("not a readable WAV file")
	// ErrWAVTooLong indicates a WAV file with more audio than the caller accepts.
	ErrWAVTooLong = errors.New("WAV file too long")
)

// The format is described in Microsoft and IBM, "Multimedia Programming Interface
// and Data Specifications 1.0" (1991), and RFC 2361.
const (
	wavHeaderLen  = 44
	wavPCM        = 1
	wavExtensible = 0xFFFE
	// wavUnknown is the length that a writer puts where it can't know it yet.
	wavUnknown = math.MaxUint32
	// maxFmtChunk is more than the longest known format chunk, WAVE_FORMAT_EXTENSIBLE
	// with 40 bytes.
	maxFmtChunk = 256
	// maxWAVHead bounds what may come before the audio: tags, a picture.
	maxWAVHead = 4 << 20
)

// WAVFormat is the shape of the audio in a WAV file.
type WAVFormat struct {
	Rate     int // Hz
	Channels int // 1 or 2, interleaved
}

// WAVReader reads the samples of a WAV file from a stream, without seeking.
type WAVReader struct {
	Format WAVFormat
	r      io.Reader
	left   int64 // bytes of audio by the header; MaxInt64 = to the end of the stream
	buf    [4096]byte
}

// NewWAVReader reads up to where the audio begins. It fails with ErrWAV, or with
// the error of r. A length of 0 or beyond 0x7FFFFFFF, as programs write that
// stream, or one longer than the stream means: to its end.
func NewWAVReader(r io.Reader) (*WAVReader, error) {
	w := &WAVReader{r: r}
	var riff [12]byte
	if err := w.readHead(riff[:]); err != nil {
		return nil, err
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return nil, fmt.Errorf("%w: no RIFF/WAVE header", ErrWAV)
	}
	for head := 0; ; {
		var chunk [8]byte
		if err := w.readHead(chunk[:]); err != nil {
			return nil, err
		}
		size := binary.LittleEndian.Uint32(chunk[4:])
		switch string(chunk[:4]) {
		case "data":
			return w, w.startData(size)
		case "fmt ":
			if err := w.readFormat(size); err != nil {
				return nil, err
			}
		default:
			if head += len(chunk) + int(min(size, maxWAVHead)); head > maxWAVHead {
				return nil, fmt.Errorf("%w: more than %d bytes before the audio", ErrWAV, maxWAVHead)
			}
			if _, err := io.CopyN(io.Discard, r, int64(size)+int64(size%2)); err != nil {
				return nil, wavHeadError(err)
			}
		}
	}
}

func (w *WAVReader) readHead(p []byte) error {
	if _, err := io.ReadFull(w.r, p); err != nil {
		return wavHeadError(err)
	}
	return nil
}

// wavHeadError says what it means that the stream ended or failed in the header.
func wavHeadError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends within its header", ErrWAV)
	}
	return fmt.Errorf("read WAV header: %w", err)
}

func (w *WAVReader) readFormat(size uint32) error {
	if size < 16 || size > maxFmtChunk {
		return fmt.Errorf("%w: format chunk of %d bytes", ErrWAV, size)
	}
	p := make([]byte, size+size%2) // chunks are padded to an even length
	if err := w.readHead(p); err != nil {
		return err
	}
	tag := binary.LittleEndian.Uint16(p)
	if tag == wavExtensible && size >= 26 {
		tag = binary.LittleEndian.Uint16(p[24:]) // the sub-format's first bytes
	}
	channels := int(binary.LittleEndian.Uint16(p[2:]))
	rate := int64(binary.LittleEndian.Uint32(p[4:]))
	bits := binary.LittleEndian.Uint16(p[14:])
	switch {
	case tag != wavPCM || bits != 16:
		return fmt.Errorf("%w: format %d with %d bits, want 16-bit PCM", ErrWAV, tag, bits)
	case channels < 1 || channels > 2:
		return fmt.Errorf("%w: %d channels, want 1 or 2", ErrWAV, channels)
	case rate < minRate || rate > maxRate:
		return fmt.Errorf("%w: %d Hz, want %d to %d", ErrWAV, rate, minRate, maxRate)
	}
	w.Format = WAVFormat{Rate: int(rate), Channels: channels}
	return nil
}

func (w *WAVReader) startData(size uint32) error {
	if w.Format.Rate == 0 {
		return fmt.Errorf("%w: audio without a format", ErrWAV)
	}
	w.left = int64(size)
	if size == 0 || size >= math.MaxInt32 {
		w.left = math.MaxInt64
	}
	return nil
}

// Read fills dst with interleaved samples and returns how many there are; fewer
// than len(dst) only at the end, then io.EOF. A broken last sample is dropped. The
// length of dst should be a multiple of the channels.
func (w *WAVReader) Read(dst []int16) (int, error) {
	n := 0
	for n < len(dst) {
		want := min(int64(len(w.buf)), 2*int64(len(dst)-n), w.left)
		if want < 2 {
			w.left = 0
			break
		}
		got, err := io.ReadFull(w.r, w.buf[:want-want%2])
		for p := w.buf[:got-got%2]; len(p) > 0; p = p[2:] {
			dst[n] = int16(binary.LittleEndian.Uint16(p))
			n++
		}
		w.left -= int64(got)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			w.left = 0
		case err != nil:
			return n, fmt.Errorf("read WAV audio: %w", err)
		}
	}
	if n == 0 && len(dst) > 0 {
		return 0, io.EOF
	}
	return n, nil
}

// ReadWAV reads a whole WAV file as mono, mixing two channels. Longer files than
// maxFrames samples per channel are refused with ErrWAVTooLong.
func ReadWAV(r io.Reader, maxFrames int) (pcm []int16, rate int, err error) {
	w, err := NewWAVReader(r)
	if err != nil {
		return nil, 0, err
	}
	channels := w.Format.Channels
	buf := make([]int16, 4096)
	for {
		n, err := w.Read(buf)
		if errors.Is(err, io.EOF) {
			return pcm, w.Format.Rate, nil
		}
		if err != nil {
			return nil, 0, err
		}
		n -= n % channels
		if len(pcm)+n/channels > maxFrames {
			return nil, 0, fmt.Errorf("%w: more than %d samples", ErrWAVTooLong, maxFrames)
		}
		for i := 0; i < n; i += channels {
			pcm = append(pcm, mix(buf[i:i+channels]))
		}
	}
}

// mix is the mean of the samples of one moment.
func mix(samples []int16) int16 {
	sum := 0
	for _, s := range samples {
		sum += int(s)
	}
	return int16(sum / len(samples))
}

// WAVWriter writes a WAV file as the audio comes. Until Close the header says that
// the length is unknown, which players accept, so that a file whose writer was
// killed can be heard. Where the stream can't seek it stays that way.
type WAVWriter struct {
	w      io.Writer
	format WAVFormat
	bytes  int64
	buf    []byte
}

// NewWAVWriter writes the header. ErrWAV if f can't be written.
func NewWAVWriter(w io.Writer, f WAVFormat) (*WAVWriter, error) {
	if f.Rate < minRate || f.Rate > maxRate || f.Channels < 1 || f.Channels > 2 {
		return nil, fmt.Errorf("write WAV with %d Hz and %d channels: %w", f.Rate, f.Channels, ErrWAV)
	}
	if _, err := w.Write(wavHeader(f, wavUnknown, wavUnknown)); err != nil {
		return nil, fmt.Errorf("write WAV header: %w", err)
	}
	return &WAVWriter{w: w, format: f}, nil
}

// Write appends interleaved samples.
func (w *WAVWriter) Write(pcm []int16) error {
	w.buf = w.buf[:0]
	for _, s := range pcm {
		w.buf = binary.LittleEndian.AppendUint16(w.buf, uint16(s))
	}
	n, err := w.w.Write(w.buf)
	w.bytes += int64(n)
	if err != nil {
		return fmt.Errorf("write WAV audio: %w", err)
	}
	return nil
}

// Close puts the true length into the header if the stream can seek. It does not
// close the stream.
func (w *WAVWriter) Close() error {
	s, ok := w.w.(io.WriteSeeker)
	if !ok || w.bytes > math.MaxUint32-wavHeaderLen {
		return nil
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return nil // a pipe behind an *os.File: its length stays unknown
	}
	size := uint32(w.bytes)
	if _, err := s.Write(wavHeader(w.format, wavHeaderLen-8+size, size)); err != nil {
		return fmt.Errorf("complete WAV header: %w", err)
	}
	if _, err := s.Seek(0, io.SeekEnd); err != nil {
		return fmt.Errorf("complete WAV header: %w", err)
	}
	return nil
}

func wavHeader(f WAVFormat, riffSize, dataSize uint32) []byte {
	le := binary.LittleEndian
	frame := 2 * f.Channels // bytes of one moment
	h := make([]byte, 0, wavHeaderLen)
	h = append(h, "RIFF"...)
	h = le.AppendUint32(h, riffSize)
	h = append(h, "WAVEfmt "...)
	h = le.AppendUint32(h, 16)
	h = le.AppendUint16(h, wavPCM)
	h = le.AppendUint16(h, uint16(f.Channels))
	h = le.AppendUint32(h, uint32(f.Rate))
	h = le.AppendUint32(h, uint32(f.Rate*frame))
	h = le.AppendUint16(h, uint16(frame))
	h = le.AppendUint16(h, 16)
	h = append(h, "data"...)
	return le.AppendUint32(h, dataSize)
}
