package store

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/vantahire/vantahire/hiring"
)

const (
	latestMails = `
		SELECT DISTINCT ON (m."interviewId") m.id, m."interviewId", m."recipientEmail", m."messageId", m.status, m."sentAt", m."deliveredAt", m."openedAt", m."bouncedAt", m."failedAt",
			m."errorMessage", m."createdAt", m."updatedAt"
		FROM "EmailMessage" m JOIN "Interview" i ON i.id = m."interviewId"
		WHERE m."interviewId" = ANY ($1) AND ($2 = '' OR i."recruiterId" = $2) ORDER BY m."interviewId", m."createdAt" DESC, m.id DESC`

	latestWhatsApps = `
		SELECT DISTINCT ON (m."interviewId") m.id, m."interviewId", m."candidatePhone", m."messageId", m.status, m."sentAt", m."deliveredAt", m."readAt", m."failedAt",
			m."errorMessage", m."createdAt", m."updatedAt"
		FROM "WhatsAppMessage" m JOIN "Interview" i ON i.id = m."interviewId"
		WHERE m."interviewId" = ANY ($1) AND ($2 = '' OR i."recruiterId" = $2) ORDER BY m."interviewId", m."createdAt" DESC, m.id DESC`
)

// Messages implements hiring.MessageStore.
type Messages struct{ pool *pgxpool.Pool }

var _ hiring.MessageStore = (*Messages)(nil)

// NewMessages reads through the pool.
func NewMessages(pool *pgxpool.Pool) *Messages { return &Messages{pool} }

// LatestMails implements hiring.MessageStore.
func (s *Messages) LatestMails(ctx context.Context, ids []string, ownerID string) ([]hiring.SentMail, error) {
	return latest(ctx, s.pool, latestMails, ids, ownerID, func(row pgx.CollectableRow) (hiring.SentMail, error) {
		var m hiring.SentMail
		return m, row.Scan(&m.ID, &m.InterviewID, &m.Recipient, &m.MessageID, &m.Status, &m.SentAt, &m.DeliveredAt, &m.OpenedAt, &m.BouncedAt, &m.FailedAt,
			&m.ErrorMessage, &m.CreatedAt, &m.UpdatedAt)
	})
}

// LatestWhatsApps implements hiring.MessageStore.
func (s *Messages) LatestWhatsApps(ctx context.Context, ids []string, ownerID string) ([]hiring.SentWhatsApp, error) {
	return latest(ctx, s.pool, latestWhatsApps, ids, ownerID, func(row pgx.CollectableRow) (hiring.SentWhatsApp, error) {
		var m hiring.SentWhatsApp
		return m, row.Scan(&m.ID, &m.InterviewID, &m.Phone, &m.MessageID, &m.Status, &m.SentAt, &m.DeliveredAt, &m.ReadAt, &m.FailedAt,
			&m.ErrorMessage, &m.CreatedAt, &m.UpdatedAt)
	})
}

func latest[T any](ctx context.Context, pool *pgxpool.Pool, sql string, ids []string, ownerID string, scan pgx.RowToFunc[T]) ([]T, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !known(id) })
	rows, err := pool.Query(ctx, sql, ids, ownerID)
	if err != nil {
		return nil, wrap("read", "latest messages", err)
	}
	found, err := pgx.CollectRows(rows, scan)
	return found, wrap("read", "latest messages", err)
}
