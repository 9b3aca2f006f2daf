package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/vantahire/vantahire/hiring"
)

func (s *Server) planRoutes() []declared {
	return []declared{
		route(http.MethodGet, "/jobs/:id/plan", accessRecruiter.scope("jobs:read"), http.StatusOK, "Read a job's question plan", s.getJobPlan),
		route(http.MethodPut, "/jobs/:id/plan", accessRecruiter.scope("jobs:write"), http.StatusOK, "Set a job's question plan", s.putJobPlan),
	}
}

// planBody is a question plan with its version: 0 and null before one was set.
type planBody struct {
	Version   int             `json:"version"`
	Plan      json.RawMessage `json:"plan"`
	UpdatedAt *instant        `json:"updatedAt"`
}

func (p planBody) version() time.Time {
	if p.UpdatedAt == nil {
		return time.UnixMilli(0) // before there was one
	}
	return time.Time(*p.UpdatedAt)
}

func planBodyOf(p hiring.Plan) planBody {
	return planBody{p.Version, p.Document, instantOf(p.UpdatedAt)}
}

type putPlanIn struct {
	ID   string          `path:"id"`
	Plan json.RawMessage `json:"plan"`
}

func (s *Server) getJobPlan(ctx context.Context, r request[idIn]) (planBody, error) {
	plan, err := s.services.Jobs.Plan(ctx, r.Actor, r.In.ID)
	return planBodyOf(plan), err
}

func (s *Server) putJobPlan(ctx context.Context, r request[putPlanIn]) (planBody, error) {
	plan, err := s.services.Jobs.SetPlan(ctx, r.Actor, r.In.ID, r.In.Plan, r.IfMatch)
	return planBodyOf(plan), err
}
