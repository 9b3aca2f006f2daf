package app

import "context"

func (a *App) openFiles(context.Context) error { return nil }
