package app

import (
	"context"
	"fmt"
)

// openServices wires what the REST API serves, an area at a time; each has a file
// of its own.
func (a *App) openServices(ctx context.Context) error {
	for _, area := range []struct {
		name string
		open func(context.Context) error
	}{
		{"accounts", a.openAccounts},

		{"keys", a.openKeys},

		{"files", a.openFiles},

		{"job postings", a.openJobPostings},

		{"applications", a.openApplications},
	} {
		if err := area.open(ctx); err != nil {
			return fmt.Errorf("open %s: %w", area.name, err)
		}
	}
	return nil
}
