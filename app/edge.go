package app

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/pprof"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/actors/plan"
	"github.com/vantahire/vantahire/api"
	"github.com/vantahire/vantahire/hiring"
)

// devKeyFile is where the development key stands in the data folder, for the
// command line on the same machine.
const devKeyFile = "dev.key"

// prepareDevKey finds or makes the development key. Production has one only when
// it is set.
func (a *App) prepareDevKey(context.Context) error {
	a.devKey = a.cfg.Server.DevKey.Reveal()
	if a.cfg.Server.Production() {
		return nil
	}
	dir, err := a.dataDir()
	if err != nil {
		return err
	}
	path := filepath.Join(dir, devKeyFile)
	if a.devKey == "" {
		stored, err := os.ReadFile(path)
		if err == nil && len(stored) >= 24 {
			a.devKey = string(stored)
			return nil
		}
		raw := make([]byte, 24)
		_, _ = rand.Read(raw)
		a.devKey = "dev_" + hex.EncodeToString(raw)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the database's user must be able to walk through it
		return fmt.Errorf("make data folder: %w", err)
	}
	if err := os.WriteFile(path, []byte(a.devKey), 0o600); err != nil {
		return fmt.Errorf("write development key: %w", err)
	}
	return nil
}

// openEdge builds the HTTP edge.
func (a *App) openEdge(context.Context) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(a.lateness, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.registerGauges(registry)
	a.meter.register(registry)
	metrics := promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
	if !a.cfg.Server.MetricsOpen {
		metrics = api.OnlyLoopback(metrics)
	}
	var profile http.Handler
	if a.cfg.Server.Profile {
		profile = api.OnlyLoopback(profiles())
	}
	services := a.services
	services.Hiring, services.Calls, services.Describe = a.hiring, callsPort{a.calls}, describe
	services.Healthy, services.Ready, services.Metrics, services.Profile = a.healthy, a.ready, metrics, profile
	a.server = api.New(api.Config{
		FrontendURL: a.cfg.Server.FrontendURL, APIURL: a.cfg.Server.APIURL, Production: a.cfg.Server.Production(), DevKey: a.devKey,
		TestToken: a.cfg.Accounts.TestToken.Reveal(), SessionTTL: time.Duration(a.cfg.Accounts.SessionTTLSeconds) * time.Second, Log: a.log,
	}, services)
	a.onClose("edge", a.server.Shutdown)
	return nil
}

// profiles are the profiles of net/http/pprof at their usual paths.
func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// healthy asks the database and Redis.
func (a *App) healthy(ctx context.Context) error {
	var one int
	if err := a.pool.QueryRow(ctx, "select 1").Scan(&one); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	if err := a.redis.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("redis: %w", err)
	}
	return nil
}

// describe tells a live interview about itself: its own plan, or the default of
// its role.
func describe(row hiring.Interview) (actors.Info, error) {
	limit := time.Duration(row.TimeLimitMinutes) * time.Minute
	info := actors.Info{ID: row.ID, Mode: row.Type, JobRole: row.JobRole, TimeLimit: limit}
	if row.StartedAt != nil {
		info.StartedAt = *row.StartedAt
	}
	if len(row.Plan) == 0 || string(row.Plan) == "null" {
		info.Plan = plan.Default(row.JobRole, limit)
		return info, nil
	}
	p, err := plan.Parse(row.Plan)
	if err != nil {
		return info, fmt.Errorf("plan of interview %s: %w", row.ID, err)
	}
	info.Plan = p
	return info, nil
}

// checkPlan is what a new interview's own plan must pass.
func checkPlan(document []byte) error {
	if !json.Valid(document) {
		return errors.New("is not valid JSON")
	}
	_, err := plan.Parse(document)
	return err
}
