package store

import "github.com/jackc/pgx/v5/pgxpool"

// Pool gives tests the sessions of a ledger.
func (l *Ledger) Pool() *pgxpool.Pool { return l.pool }

// DataRefusal is open to tests.
var DataRefusal = dataRefusal
