package api

import (
	"context"

	"github.com/vantahire/vantahire/interview"
)

func (s *Server) getInterviewPlan(ctx context.Context, r request[idIn]) (planBody, error) {
	plan, err := s.services.Hiring.Plan(ctx, r.Actor, interview.ID(r.In.ID))
	return planBodyOf(plan), err
}

func (s *Server) putInterviewPlan(ctx context.Context, r request[putPlanIn]) (planBody, error) {
	plan, err := s.services.Hiring.SetPlan(ctx, r.Actor, interview.ID(r.In.ID), r.In.Plan, r.IfMatch)
	return planBodyOf(plan), err
}
