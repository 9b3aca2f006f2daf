package main

import (
	"encoding/json"
	"fmt"
)

// drillTopics make questions that differ, for calls that need more of them than
// a role's plan has.
var drillTopics = []string{
	"payments", "search", "billing", "messaging", "caching", "testing", "monitoring", "deployment", "security", "databases",
	"networks", "queues", "scheduling", "reporting", "imports", "exports", "logging", "tracing", "backups", "migrations",
	"interfaces", "accessibility", "translation", "documentation", "reviews", "mentoring", "planning", "estimates", "incidents", "budgets",
}

// drillPlan is a plan with as many short questions as many interruptions need,
// 30 at most, which is what a plan may have.
func drillPlan(questions int) (json.RawMessage, error) {
	type question struct {
		ID     string `json:"id"`
		Text   string `json:"text"`
		Topic  string `json:"topic"`
		Budget int    `json:"budgetSeconds"`
	}
	plan := struct {
		Name      string     `json:"name"`
		Greeting  string     `json:"greeting"`
		Closing   string     `json:"closing"`
		NextSteps string     `json:"nextSteps"`
		Questions []question `json:"questions"`
	}{"drill", "Hello and welcome.", "That was my last question.", "We will write to you.", nil}
	for i, topic := range drillTopics[:min(questions, len(drillTopics))] {
		plan.Questions = append(plan.Questions, question{
			fmt.Sprintf("q%d", i+1), fmt.Sprintf("Tell me about a piece of work of yours that had to do with %s. What was it, and what was your own part?", topic), topic, 60,
		})
	}
	return json.Marshal(plan)
}
