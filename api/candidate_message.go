package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/vantahire/vantahire/actors"
	"github.com/vantahire/vantahire/hiring"
	"github.com/vantahire/vantahire/interview"
)

// The refusals of contract section 2.5.
var (
	errNotInProgress   = hiring.Refuse(hiring.KindInvalid, "Interview not in progress")
	errTextOnly        = hiring.Refuse(hiring.KindInvalid, "This endpoint is for text interviews only")
	errContentRequired = hiring.Refuse(hiring.KindInvalid, "Content is required")
)

const (
	// maxMessage bounds a written message, in characters, as it does the lines that a
	// voice page stores.
	maxMessage = 10_000
	// replyWait bounds the wait for a reply: its owner's, the opening before it, a few
	// messages in front of it, and a model that hangs until the plan's own words
	// take its place.
	replyWait = 90 * time.Second
)

type writeMessageIn struct {
	// Content is what the candidate wrote; "" asks for the interviewer's opening line,
	// which is made once.
	Content string `json:"content" fault:"Content is required"`
}

type writeMessageBody struct {
	UserMessage writtenLine `json:"userMessage"`
	AIMessage   writtenLine `json:"aiMessage"`
}

type writtenLine struct {
	Role    interview.Role `json:"role" enum:"user,assistant"`
	Content string         `json:"content"`
}

// writeMessage is one turn of an interview in writing (contract section 2.5). The
// interviewer's goodbye ends nothing: the page counts its messages itself and
// completes the interview, which stays in progress until then.
func (s *Server) writeMessage(ctx context.Context, r request[writeMessageIn]) (writeMessageBody, error) {
	row := r.Actor.Link.Interview
	content := strings.TrimSpace(r.In.Content)
	switch {
	case row.Type != interview.ModeText:
		return writeMessageBody{}, errTextOnly
	case row.Status != interview.StatusInProgress:
		return writeMessageBody{}, errNotInProgress
	case content == "" && r.In.Content != "":
		return writeMessageBody{}, errContentRequired
	case utf8.RuneCountInString(r.In.Content) > maxMessage:
		return writeMessageBody{}, &hiring.InvalidError{Fields: map[string][]string{
			"content": {fmt.Sprintf("String must contain at most %d character(s)", maxMessage)},
		}}
	}
	info, err := s.services.Describe(row)
	if err != nil {
		return writeMessageBody{}, err
	}
	link := linkOf(*r.Actor.Link)
	s.texts.begin(link)
	defer s.texts.done(link)
	if !s.services.Calls.IsLive(row.ID) { // one that is live has a consent
		if err := s.services.Hiring.ConsentByWriting(ctx, row); err != nil {
			return writeMessageBody{}, err
		}
	}
	within, cancel := context.WithTimeout(ctx, replyWait)
	defer cancel()
	answer, err := s.services.Calls.Converse(within, info, content)
	if err != nil {
		return writeMessageBody{}, unanswered(err)
	}
	return writeMessageBody{
		UserMessage: writtenLine{interview.RoleUser, answer.Said}, AIMessage: writtenLine{interview.RoleAssistant, answer.Reply},
	}, nil
}

// laterError is a refusal that passes: 503 with Retry-After.
type laterError struct {
	text    string
	seconds int
	err     error
}

// Error names the cause, for the log; the client is told the text.
func (e *laterError) Error() string { return e.err.Error() }

func (e *laterError) Unwrap() error { return e.err }

// textUnanswered is told to a candidate whose message may be sent again.
const textUnanswered = "Your message could not be answered. Please try again shortly."

// unanswered is what a candidate is told whose message got no reply.
func unanswered(err error) error {
	switch {
	case errors.Is(err, actors.ErrNotActive):
		return errNotInProgress
	case errors.Is(err, actors.ErrInterrupted), errors.Is(err, context.DeadlineExceeded):
		return &laterError{textUnanswered, retryWhenAway, err}
	case errors.Is(err, actors.ErrUnclaimed):
		return &laterError{textAway, retryWhenAway, err}
	}
	if text, seconds := tryAgain(err); seconds > 0 {
		return &laterError{text, seconds, err}
	}
	return err
}
