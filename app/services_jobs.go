package app

import "context"

func (a *App) openJobs(context.Context) error { return nil }

func (a *App) openApplications(context.Context) error { return nil }
