package hiring

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// ConsentVersion names the consent text. A changed text gets a new version: the
// stored records say which one was agreed to.
const ConsentVersion = "2026-11-22"

// ConsentText is what a candidate agrees to before anything is heard or stored.
const ConsentText = "You are about to talk with an AI interviewer, not a person. " +
	"What you say is turned into text by speech recognition and stored as a transcript that the hiring team reads. " +
	"People, not the AI, decide about your application. " +
	"You may type instead of speaking, pause, skip a question or end the interview at any time. " +
	"You can ask the hiring team for a copy or the deletion of your transcript, or for an interview with a person."

// Channels a consent comes through.
const (
	ChannelVoice   = "voice"   // given on the voice socket
	ChannelWeb     = "web"     // given by the first message of an interview in writing
	ChannelImplied = "implied" // the interview's creator has obtained it
)

// ConsentHash is the SHA-256 of the text, as stored with each record.
func ConsentHash() string {
	sum := sha256.Sum256([]byte(ConsentText))
	return hex.EncodeToString(sum[:])
}

// ConsentGiven reports whether the interview may begin. Under the policy implied
// the record is made here, at the first connection, so that each interview that
// ran has one.
func (s *Service) ConsentGiven(ctx context.Context, row Interview) (bool, error) {
	_, given, err := s.consents.Get(ctx, row.ID)
	if err != nil {
		return false, fmt.Errorf("look up consent of interview %s: %w", row.ID, err)
	}
	if given {
		return true, nil
	}
	if row.ConsentPolicy != ConsentImplied {
		return false, nil
	}
	return true, s.recordConsent(ctx, row, ChannelImplied)
}

// GiveConsent records that the candidate agreed to the present text.
func (s *Service) GiveConsent(ctx context.Context, row Interview) error {
	return s.recordConsent(ctx, row, ChannelVoice)
}

// ConsentByWriting makes sure that an interview in writing has a consent. Its page has
// no step for one: whoever opens the interview by a first message agrees by that,
// also under the policy required, and the record says that it came in this way. A
// candidate who does not agree does not write, and nothing is stored before.
func (s *Service) ConsentByWriting(ctx context.Context, row Interview) error {
	given, err := s.ConsentGiven(ctx, row)
	if err != nil || given {
		return err
	}
	return s.recordConsent(ctx, row, ChannelWeb)
}

func (s *Service) recordConsent(ctx context.Context, row Interview, channel string) error {
	err := s.consents.Record(ctx, Consent{Interview: row.ID, Version: ConsentVersion, At: s.now(), Channel: channel, TextHash: ConsentHash()})
	if err != nil {
		return fmt.Errorf("record consent of interview %s: %w", row.ID, err)
	}
	return nil
}
