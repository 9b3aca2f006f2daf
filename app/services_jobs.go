package app

import (
	"context"

	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/store"
)

func (a *App) openJobPostings(context.Context) error {
	a.services.Jobs = hiring.NewJobs(store.NewJobs(a.pool), hiringPublisher{a.bus}, checkPlan)
	return nil
}

func (a *App) openApplications(context.Context) error {
	a.services.Applications = hiring.NewApplications(store.NewApplications(a.pool), hiringPublisher{a.bus})
	return nil
}
