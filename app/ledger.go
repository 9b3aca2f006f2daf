package app

import (
	"context"

	"github.com/vantahire/vantahire/interview"
	"github.com/vantahire/vantahire/store"
)

// ledgerPort is the ledger as the live interviews see it.
type ledgerPort struct{ *store.Ledger }

// Elsewhere knows no other process.
func (ledgerPort) Elsewhere(context.Context, interview.ID, string) error { return nil }

// AppendLate knows no late events.
func (ledgerPort) AppendLate(context.Context, []interview.Event) error { return nil }

// SettleLate knows no late events.
func (ledgerPort) SettleLate(context.Context, []interview.ID) error { return nil }
