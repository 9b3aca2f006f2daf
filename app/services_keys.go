package app

import "context"

func (a *App) openKeys(context.Context) error { return nil }
