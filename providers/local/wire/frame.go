package wire

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Kind says what a frame carries.
type Kind uint8

// The frames of the server.
const (
	KindHear     Kind = 1 + iota // no payload: opens a recognition stream
	KindAudio                    // PCM for a recognition stream
	KindFinalize                 // no payload: settle what was heard
	KindSpeak                    // Speak: opens a synthesis stream
	KindSay                      // Say
	KindStop                     // no payload: the stream is over
)

// The frames of the worker.
const (
	KindHello   Kind = 65 + iota // Hello, on stream 0
	KindTook                     // uint32: samples that were heard and may be sent anew
	KindResult                   // Result
	KindWords                    // Words, before the first sound of its sentence
	KindSound                    // PCM of the sentence in turn
	KindSpoken                   // Spoken
	KindFailed                   // Failed: the stream is broken, Stopped follows its Stop
	KindStopped                  // no payload: answers KindStop
)

// Bounds of the conversation.
const (
	// MaxFrame bounds a frame behind its length field. The longest honest one is a
	// result of MaxWords words, below 40 KiB.
	MaxFrame = 64 << 10
	// MaxSamples bounds the PCM of one frame: 200 ms, the longest piece of speech a
	// caller wants to receive at once.
	MaxSamples = Rate / 5
	// MaxText bounds a sentence in bytes. Longer ones are cut by the sender: flite
	// holds a whole utterance in memory and can be stopped only once it vocodes.
	MaxText = 400
	// MaxWords bounds the words of a result or a sentence.
	MaxWords = 400
	// HearWindow is how many samples a recognition stream may be ahead of its
	// decoder: 2 s, which a decoder at a tenth of real time clears in 0.2 s.
	HearWindow = 2 * Rate
	// SpeakWindow is how many sentences may be on their way to a worker, so that the
	// next one is synthesised while the last is taken.
	SpeakWindow = 2
	// Rate is the sample rate of all sound, in Hz.
	Rate = 16000
)

// headerSize is the length field, the kind and the stream.
const headerSize = 4 + 1 + 4

// ErrFormat indicates bytes that are not a frame, or a payload out of its bounds.
var ErrFormat = errors.New("malformed speech frame")

// Frame is one message between the server and a worker.
type Frame struct {
	Kind    Kind
	Stream  uint32
	Payload []byte
}

// Append encodes a frame behind dst. The payload must fit MaxFrame.
func Append(dst []byte, f Frame) ([]byte, error) {
	n := headerSize - 4 + len(f.Payload)
	if n > MaxFrame {
		return dst, fmt.Errorf("%w: kind %d with %d bytes", ErrFormat, f.Kind, n)
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(n))
	dst = append(dst, byte(f.Kind))
	dst = binary.LittleEndian.AppendUint32(dst, f.Stream)
	return append(dst, f.Payload...), nil
}

// Read takes the next frame. It returns io.EOF between frames, io.ErrUnexpectedEOF
// inside one and ErrFormat for a length out of bounds. The payload is the caller's.
func Read(r io.Reader) (Frame, error) {
	var head [headerSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Frame{}, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < headerSize-4 || n > MaxFrame {
		return Frame{}, fmt.Errorf("%w: length %d", ErrFormat, n)
	}
	f := Frame{Kind: Kind(head[4]), Stream: binary.LittleEndian.Uint32(head[5:])}
	if n == headerSize-4 {
		return f, nil
	}
	f.Payload = make([]byte, n-(headerSize-4))
	if _, err := io.ReadFull(r, f.Payload); err != nil {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return Frame{}, err
	}
	return f, nil
}

// New builds a frame with a JSON payload. It fails only for a value without a
// JSON form, which is a defect of the caller.
func New(kind Kind, stream uint32, payload any) (Frame, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return Frame{}, fmt.Errorf("encode speech frame of kind %d: %w", kind, err)
	}
	return Frame{Kind: kind, Stream: stream, Payload: raw}, nil
}

// PCM is the payload of KindAudio and KindSound.
func PCM(samples []int16) []byte {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return b
}

// Samples decodes the payload of KindAudio and KindSound: 1 to MaxSamples samples.
func Samples(payload []byte) ([]int16, error) {
	if len(payload) == 0 || len(payload)%2 != 0 || len(payload) > 2*MaxSamples {
		return nil, fmt.Errorf("%w: %d bytes of sound", ErrFormat, len(payload))
	}
	pcm := make([]int16, len(payload)/2)
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(payload[2*i:]))
	}
	return pcm, nil
}

// Took is the payload of KindTook.
func Took(samples int) []byte {
	return binary.LittleEndian.AppendUint32(nil, uint32(samples))
}

// TakenSamples decodes the payload of KindTook: at most HearWindow.
func TakenSamples(payload []byte) (int, error) {
	if len(payload) != 4 {
		return 0, fmt.Errorf("%w: %d bytes of credit", ErrFormat, len(payload))
	}
	n := binary.LittleEndian.Uint32(payload)
	if n > HearWindow {
		return 0, fmt.Errorf("%w: credit for %d samples", ErrFormat, n)
	}
	return int(n), nil
}
