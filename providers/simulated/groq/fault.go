package groq

import "time"

// Break is what happens to an answer on its way.
type Break uint8

// The ways an answer breaks after Fault.After pieces of text.
const (
	BreakNone   Break = iota
	Stall             // nothing more comes until the client leaves
	Drop              // the connection is cut
	ErrorEvent        // "event: error" with an error object
	ErrorData         // a data line with an error object in place of choices
	ErrorString       // the same with a bare string
	ErrorGroq         // x_groq.error with a string
	Garbage           // a data line that is no JSON
	EndEarly          // the answer ends, without a finish_reason and an end mark
)

// Fault is what goes wrong with one completion. The zero value is none. Several
// may be combined.
type Fault struct {
	// Status refuses the request: 400, 401, 402, 403, 404, 413, 422, 424, 429, 498, 500, 502 (an HTML
	// page), 503, 504.
	Status int
	// RetryAfter is told with the refusal, in whole seconds; 0 = not at all.
	RetryAfter time.Duration
	// Wait is told in the words of a 429: "Please try again in 5.289s"; 0 = not.
	Wait time.Duration
	// Code replaces the refusal's code, as json_validate_failed.
	Code string

	Reset  bool          // the connection is cut before any byte
	Mute   bool          // accepts, but not even the header comes
	Silent bool          // the header comes, then nothing until the client leaves
	Slow   time.Duration // on top of the delay to the first token

	After int   // pieces of text before Break; 0 = before the first
	Break Break // what happens then

	NoDone bool // cut after the finish_reason and the usage, without [DONE]
	Abrupt bool // cut after the last piece, before the finish_reason
	Linger bool // after the finish_reason nothing more comes until the client leaves

	OnlyThought bool // reasoning only: empty content, finish_reason length
	Blank       bool // empty content, finish_reason stop
	BadJSON     bool // an answer that should fit a schema is no JSON
	Misfit      bool // it is JSON but does not fit the schema

	LongLine     int  // bytes of an unknown field in the first chunk: over 64 KiB
	CRLF         bool // lines end in CRLF
	Comments     bool // comment lines between events
	NoSpace      bool // no space after "data:"
	SeveralLines bool // one event's data in several lines
	OtherFields  bool // event:, id: and retry: lines
	EmptyFirst   bool // the first chunk has no choices
	NullContent  bool // chunks whose content is null, or missing
	WholeJSON    bool // not a stream although one was asked for

	NoUsage     bool // neither in x_groq nor at the end
	UsageAtGroq bool // only in x_groq

	Fragments bool // tool calls come in fragments
	Markdown  bool // the model decorates its answer with markup and pictures
}
