package api

import (
	"context"
	"net/http"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) notificationRoutes() []declared {
	return []declared{
		route(http.MethodPost, "/notifications/email/status", accessSession.always().scope("interviews:read"), http.StatusOK, "Read the newest mail of each interview", s.mailStatus),
		route(http.MethodPost, "/notifications/whatsapp/status", accessSession.always().scope("interviews:read"), http.StatusOK, "Read the newest WhatsApp message of each interview", s.whatsAppStatus),
	}
}

type interviewIDsIn struct {
	InterviewIDs []string `json:"interviewIds" maxLength:"200"`
}

// mailRow is the contract's EmailMsg (section 2.0): some pages read its keys in
// camel case, others in snake case.
type mailRow struct {
	ID             string   `json:"id"`
	InterviewID    string   `json:"interviewId"`
	RecipientEmail string   `json:"recipientEmail"`
	MessageID      *string  `json:"messageId"`
	Status         string   `json:"status"`
	SentAt         *instant `json:"sentAt"`
	DeliveredAt    *instant `json:"deliveredAt"`
	OpenedAt       *instant `json:"openedAt"`
	BouncedAt      *instant `json:"bouncedAt"`
	FailedAt       *instant `json:"failedAt"`
	ErrorMessage   *string  `json:"errorMessage"`
	CreatedAt      instant  `json:"createdAt"`
	UpdatedAt      instant  `json:"updatedAt"`

	SnakeInterviewID    string   `json:"interview_id"`
	SnakeRecipientEmail string   `json:"recipient_email"`
	SnakeMessageID      *string  `json:"message_id"`
	SnakeSentAt         *instant `json:"sent_at"`
	SnakeDeliveredAt    *instant `json:"delivered_at"`
	SnakeOpenedAt       *instant `json:"opened_at"`
	SnakeBouncedAt      *instant `json:"bounced_at"`
	SnakeFailedAt       *instant `json:"failed_at"`
	SnakeErrorMessage   *string  `json:"error_message"`
	SnakeCreatedAt      instant  `json:"created_at"`
	SnakeUpdatedAt      instant  `json:"updated_at"`
}

func mailRowOf(m hiring.SentMail) mailRow {
	id, sent, delivered, opened, bounced, failed := string(m.InterviewID), instantOf(m.SentAt), instantOf(m.DeliveredAt), instantOf(m.OpenedAt), instantOf(m.BouncedAt), instantOf(m.FailedAt)
	created, updated := instant(m.CreatedAt), instant(m.UpdatedAt)
	return mailRow{
		m.ID, id, m.Recipient, m.MessageID, m.Status, sent, delivered, opened, bounced, failed, m.ErrorMessage, created, updated,
		id, m.Recipient, m.MessageID, sent, delivered, opened, bounced, failed, m.ErrorMessage, created, updated,
	}
}

// whatsAppRow is the contract's WhatsAppMsg.
type whatsAppRow struct {
	ID             string   `json:"id"`
	InterviewID    string   `json:"interviewId"`
	CandidatePhone string   `json:"candidatePhone"`
	MessageID      *string  `json:"messageId"`
	Status         string   `json:"status"`
	SentAt         *instant `json:"sentAt"`
	DeliveredAt    *instant `json:"deliveredAt"`
	ReadAt         *instant `json:"readAt"`
	FailedAt       *instant `json:"failedAt"`
	ErrorMessage   *string  `json:"errorMessage"`
	CreatedAt      instant  `json:"createdAt"`
	UpdatedAt      instant  `json:"updatedAt"`

	SnakeInterviewID    string   `json:"interview_id"`
	SnakeCandidatePhone string   `json:"candidate_phone"`
	SnakeMessageID      *string  `json:"message_id"`
	SnakeSentAt         *instant `json:"sent_at"`
	SnakeDeliveredAt    *instant `json:"delivered_at"`
	SnakeReadAt         *instant `json:"read_at"`
	SnakeFailedAt       *instant `json:"failed_at"`
	SnakeErrorMessage   *string  `json:"error_message"`
	SnakeCreatedAt      instant  `json:"created_at"`
	SnakeUpdatedAt      instant  `json:"updated_at"`
}

func whatsAppRowOf(m hiring.SentWhatsApp) whatsAppRow {
	id, sent, delivered, read, failed := string(m.InterviewID), instantOf(m.SentAt), instantOf(m.DeliveredAt), instantOf(m.ReadAt), instantOf(m.FailedAt)
	created, updated := instant(m.CreatedAt), instant(m.UpdatedAt)
	return whatsAppRow{
		m.ID, id, m.Phone, m.MessageID, m.Status, sent, delivered, read, failed, m.ErrorMessage, created, updated,
		id, m.Phone, m.MessageID, sent, delivered, read, failed, m.ErrorMessage, created, updated,
	}
}

func (s *Server) mailStatus(ctx context.Context, r request[interviewIDsIn]) (map[string]mailRow, error) {
	found, err := s.services.Messages.Mails(ctx, r.Actor, r.In.InterviewIDs)
	rows := make(map[string]mailRow, len(found))
	for _, m := range found {
		rows[string(m.InterviewID)] = mailRowOf(m)
	}
	return rows, err
}

func (s *Server) whatsAppStatus(ctx context.Context, r request[interviewIDsIn]) (map[string]whatsAppRow, error) {
	found, err := s.services.Messages.WhatsApps(ctx, r.Actor, r.In.InterviewIDs)
	rows := make(map[string]whatsAppRow, len(found))
	for _, m := range found {
		rows[string(m.InterviewID)] = whatsAppRowOf(m)
	}
	return rows, err
}
