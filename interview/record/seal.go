package record

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/vantahire/vantahire/interview"
)

var (
	// ErrWrongKey says that a seal was made with another key, so nothing is known of it.
	ErrWrongKey = errors.New("the seal was made with another key")
	// ErrBroken says that the sealed events are not those that are there.
	ErrBroken = errors.New("the seal does not fit the events")
)

// sealHeader begins what is authenticated; its number changes with the form.
const sealHeader = "vantahire record 1\n"

// Seal is the HMAC-SHA-256 of a completed record.
type Seal struct {
	KeyID   string        `json:"keyId"`
	Events  int           `json:"events"`
	LastSeq interview.Seq `json:"lastSeq"`
	MAC     []byte        `json:"mac"`
	At      time.Time     `json:"at"` // when it was made; not authenticated
}

// KeyID names a key without telling it: the first 8 hex digits of SHA-256 of
// "vantahire record key" and the key.
func KeyID(key []byte) string {
	sum := sha256.Sum256(append([]byte("vantahire record key"), key...))
	return hex.EncodeToString(sum[:4])
}

// Compute makes the seal of an interview's events, which are ordered by seq. At is
// left to the caller. It fails when an event has no canonical form.
func Compute(key []byte, id interview.ID, events []interview.Event) (Seal, error) {
	s := Seal{KeyID: KeyID(key), Events: len(events)}
	if len(events) > 0 {
		s.LastSeq = events[len(events)-1].Seq
	}
	mac := hmac.New(sha256.New, key)
	head := appendText([]byte(sealHeader), string(id))
	head = binary.BigEndian.AppendUint64(head, uint64(len(events)))
	mac.Write(head) // a hash never fails
	var form, framed []byte
	for _, e := range events {
		var err error
		if form, err = Canonical(form[:0], e); err != nil {
			return Seal{}, fmt.Errorf("seal interview %s: %w", id, err)
		}
		framed = appendText(framed[:0], string(form))
		mac.Write(framed)
	}
	s.MAC = mac.Sum(nil)
	return s, nil
}

// Check tells whether the seal is that of the events: nil, ErrWrongKey or
// ErrBroken. Any other error: an event has no canonical form.
func (s Seal) Check(key []byte, id interview.ID, events []interview.Event) error {
	if s.KeyID != KeyID(key) {
		return ErrWrongKey
	}
	want, err := Compute(key, id, events)
	if err != nil {
		return err
	}
	if s.Events != want.Events || s.LastSeq != want.LastSeq || !hmac.Equal(s.MAC, want.MAC) {
		return ErrBroken
	}
	return nil
}
