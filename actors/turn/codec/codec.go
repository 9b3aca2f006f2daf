package codec

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/actors/turn"
)

// Input is an event and the moment the turn machine was told of it.
type Input struct {
	At    time.Duration // on the clock of the machine's life
	Event turn.Event
}

// ErrUnreadable says that a document is not one of Encode, or one of a later
// program.
var ErrUnreadable = errors.New("unreadable input of the turn machine")

// form is a stored event: its type and the fields it has use for.
type form struct {
	Type   string        `json:"t"`
	Since  time.Duration `json:"d,omitempty"` // since the input before; for the first one since the life began
	No     uint32        `json:"n,omitempty"` // of connection, segment or reply
	Flags  uint8         `json:"b,omitempty"`
	Keep   int           `json:"k,omitempty"` // so many bytes of the text of the Partial before come first
	Text   string        `json:"x,omitempty"`
	Name   string        `json:"s,omitempty"` // reason, stage, timer or user
	From   time.Duration `json:"f,omitempty"` // how long before the input
	To     time.Duration `json:"u,omitempty"` // how long before the input
	Played time.Duration `json:"p,omitempty"`
	Sure   float64       `json:"c,omitempty"`
}

// The flags of form, by event.
const (
	flagFirst  = 1 << iota // Resumed, Typing, Behind, Up, Closing
	flagSecond             // Patient
	flagThird              // Wait
)

// maxInputs and maxTexts bound what Decode takes of one batch: a hostile one could
// repeat a long hypothesis without end. The program's own batches stay far below.
const (
	maxInputs = 4096
	maxTexts  = 8 << 20 // bytes
)

// Encode writes inputs, in order, one document each. They are read again together
// and in this order. Every text is made storable: bytes that are not UTF-8 and NULs
// are left out, as the entry of every text into a call does, and a confidence that
// is not a number is 0.
func Encode(inputs []Input) ([]json.RawMessage, error) {
	docs := make([]json.RawMessage, len(inputs))
	var before time.Duration
	partial := ""
	for i, in := range inputs {
		f, ok := write(in)
		if !ok {
			return nil, fmt.Errorf("input of type %T has no form", in.Event)
		}
		f.Since, before = in.At-before, in.At
		f.Text, f.Name = storable(f.Text), storable(f.Name)
		if f.Type == typePartial {
			full := f.Text
			f.Keep = common(partial, full)
			f.Text, partial = full[f.Keep:], full
		}
		doc, err := json.Marshal(f)
		if err != nil {
			return nil, fmt.Errorf("encode input of type %T: %w", in.Event, err)
		}
		docs[i] = doc
	}
	return docs, nil
}

// Decode reads what Encode wrote, perhaps written anew by a database. It fails with
// ErrUnreadable.
func Decode(docs []json.RawMessage) ([]Input, error) {
	if len(docs) > maxInputs {
		return nil, fmt.Errorf("%w: %d at once", ErrUnreadable, len(docs))
	}
	inputs := make([]Input, len(docs))
	var before time.Duration
	partial, texts := "", 0
	for i, doc := range docs {
		var f form
		if err := json.Unmarshal(doc, &f); err != nil {
			return nil, fmt.Errorf("%w: number %d", ErrUnreadable, i+1) // the decoder's words may quote it
		}
		before += f.Since
		if f.Type == typePartial {
			if f.Keep < 0 || f.Keep > len(partial) {
				return nil, fmt.Errorf("%w: number %d goes on from what is not there", ErrUnreadable, i+1)
			}
			if texts += f.Keep + len(f.Text); texts > maxTexts {
				return nil, fmt.Errorf("%w: number %d is too much", ErrUnreadable, i+1)
			}
			f.Text = partial[:f.Keep] + f.Text
			partial = f.Text
		} else if f.Keep != 0 {
			return nil, fmt.Errorf("%w: number %d has a beginning elsewhere", ErrUnreadable, i+1)
		}
		ev, ok := read(f, before)
		if !ok {
			return nil, fmt.Errorf("%w: number %d is of an unknown type", ErrUnreadable, i+1)
		}
		inputs[i] = Input{At: before, Event: ev}
	}
	return inputs, nil
}

// common is the length of the longest common beginning of two texts that ends
// between characters.
func common(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	for n > 0 && n < len(b) && !utf8.RuneStart(b[n]) {
		n--
	}
	return n
}

func storable(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}

func number(c float64) float64 {
	if math.IsNaN(c) || math.IsInf(c, 0) {
		return 0
	}
	return c
}
