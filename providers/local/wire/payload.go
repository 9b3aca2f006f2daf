package wire

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// Protocol is the version both sides must speak. They are usually the same
// executable; an argv that names another one may differ.
const Protocol = 1

// Hello is what a worker says first: what it can do on this machine.
type Hello struct {
	Protocol int    `json:"protocol"`
	Speak    Engine `json:"speak"`
	Hear     Engine `json:"hear"`
}

// Engine describes one half of a worker.
type Engine struct {
	How     string `json:"how"`               // "library", "command" or "" for none
	Missing string `json:"missing,omitempty"` // why there is none, or only the lesser one
}

// Speak opens a synthesis stream.
type Speak struct {
	Rate float64 `json:"rate"` // speaking rate, 1 = normal; 0.5..2
}

// Say is one sentence to speak: ASCII words with single blanks between them.
type Say struct {
	Index int    `json:"index"` // counts the sentences of the stream, from 0
	Text  string `json:"text"`
}

// Words tells when each blank-separated word of a sentence is spoken.
type Words struct {
	Index int    `json:"index"`
	Spans []Span `json:"spans"` // one for each word, in order
}

// Span is a stretch of sound in samples, counted from the sentence's start.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"`
}

// Spoken ends a sentence: all its sound was sent.
type Spoken struct {
	Index int `json:"index"`
}

// Result is what a recognition stream understood. Positions count samples since
// the stream began.
type Result struct {
	Text       string  `json:"text"`
	Final      bool    `json:"final"`
	Answers    bool    `json:"answers"` // a final that a Finalize asked for
	Confidence float64 `json:"confidence"`
	Through    int64   `json:"through"` // everything before it was heard
	Words      []Word  `json:"words,omitempty"`
}

// Word is one recognised word.
type Word struct {
	Text       string  `json:"text"`
	From       int64   `json:"from"`
	To         int64   `json:"to"`
	Confidence float64 `json:"confidence"`
}

// Code says why a stream failed.
type Code string

// The codes of Failed.
const (
	CodeUnavailable Code = "unavailable" // this machine can't do it: don't try again
	CodeFailed      Code = "failed"      // it broke: trying again may help
)

// Failed reports a broken stream.
type Failed struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
}

// Decode reads a JSON payload into a value of this package and checks its bounds.
func Decode[T interface{ check() error }](f Frame) (T, error) {
	var v T
	if err := json.Unmarshal(f.Payload, &v); err != nil {
		return v, fmt.Errorf("%w: kind %d: %w", ErrFormat, f.Kind, err)
	}
	if err := v.check(); err != nil {
		return v, fmt.Errorf("%w: kind %d: %w", ErrFormat, f.Kind, err)
	}
	return v, nil
}

func (h Hello) check() error {
	if h.Protocol != Protocol {
		return fmt.Errorf("protocol %d, want %d", h.Protocol, Protocol)
	}
	return nil
}

func (s Speak) check() error {
	if !(s.Rate >= MinRate && s.Rate <= MaxRate) {
		return fmt.Errorf("speaking rate %v", s.Rate)
	}
	return nil
}

// The speaking rates flite's voices stay intelligible at.
const (
	MinRate = 0.5
	MaxRate = 2.0
)

func (s Say) check() error {
	if s.Index < 0 || len(s.Text) > MaxText {
		return fmt.Errorf("sentence %d of %d bytes", s.Index, len(s.Text))
	}
	for i := range len(s.Text) {
		if s.Text[i] < ' ' || s.Text[i] > '~' {
			return fmt.Errorf("byte %#x in sentence %d", s.Text[i], s.Index)
		}
	}
	return nil
}

func (w Words) check() error {
	if w.Index < 0 || len(w.Spans) > MaxWords {
		return fmt.Errorf("%d words in sentence %d", len(w.Spans), w.Index)
	}
	last := 0
	for i, s := range w.Spans {
		if s.From < last || s.To < s.From {
			return fmt.Errorf("word %d from %d to %d, after %d", i, s.From, s.To, last)
		}
		last = s.From
	}
	return nil
}

func (s Spoken) check() error {
	if s.Index < 0 {
		return fmt.Errorf("sentence %d", s.Index)
	}
	return nil
}

func (r Result) check() error {
	if len(r.Words) > MaxWords || r.Through < 0 || !fraction(r.Confidence) || !utf8.ValidString(r.Text) {
		return fmt.Errorf("result of %d words through %d, confidence %v", len(r.Words), r.Through, r.Confidence)
	}
	for i, w := range r.Words {
		if w.From < 0 || w.To < w.From || !fraction(w.Confidence) {
			return fmt.Errorf("word %d from %d to %d, confidence %v", i, w.From, w.To, w.Confidence)
		}
	}
	return nil
}

func (f Failed) check() error {
	if f.Code != CodeUnavailable && f.Code != CodeFailed {
		return fmt.Errorf("code %q", f.Code)
	}
	return nil
}

func fraction(x float64) bool { return x >= 0 && x <= 1 }
