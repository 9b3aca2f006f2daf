package hiring

import (
	"context"
	"time"

	"github.com/vantahire/vantahire/interview"
)

// SentMail is a row of the contract's EmailMsg.
type SentMail struct {
	ID                                                 string
	InterviewID                                        interview.ID
	Recipient                                          string
	MessageID                                          *string
	Status                                             string
	SentAt, DeliveredAt, OpenedAt, BouncedAt, FailedAt *time.Time
	ErrorMessage                                       *string
	CreatedAt, UpdatedAt                               time.Time
}

// SentWhatsApp is a row of the contract's WhatsAppMsg.
type SentWhatsApp struct {
	ID                                    string
	InterviewID                           interview.ID
	Phone                                 string
	MessageID                             *string
	Status                                string
	SentAt, DeliveredAt, ReadAt, FailedAt *time.Time
	ErrorMessage                          *string
	CreatedAt, UpdatedAt                  time.Time
}

// MessageStore reads what was sent. Every method blocks on the database until ctx
// ends. ownerID restricts to interviews of that recruiter; "" does not.
type MessageStore interface {
	// LatestMails returns the newest mail of each interview that has one.
	LatestMails(ctx context.Context, ids []string, ownerID string) ([]SentMail, error)
	// LatestWhatsApps is the same for WhatsApp.
	LatestWhatsApps(ctx context.Context, ids []string, ownerID string) ([]SentWhatsApp, error)
}

// Messages is the service for the mails and WhatsApp messages of interviews. It is
// goroutine-safe.
type Messages struct{ store MessageStore }

// NewMessages wires the service.
func NewMessages(store MessageStore) *Messages { return &Messages{store} }

func ownerOf(actor Actor) string {
	if actor.IsAdmin() {
		return ""
	}
	return actor.UserID
}

// Mails returns the newest mail of each interview the actor may see.
func (s *Messages) Mails(ctx context.Context, actor Actor, ids []string) ([]SentMail, error) {
	return s.store.LatestMails(ctx, ids, ownerOf(actor))
}

// WhatsApps is the same for WhatsApp.
func (s *Messages) WhatsApps(ctx context.Context, actor Actor, ids []string) ([]SentWhatsApp, error) {
	return s.store.LatestWhatsApps(ctx, ids, ownerOf(actor))
}
