package voiceproto

// The close codes of the voice WebSocket. Those in the 4000s and 1000 are the
// contract's (section 6), the others those of RFC 6455 section 7.4.1 and its
// registry.
const (
	// CloseCompleted is the normal end, after Ended.
	CloseCompleted = 1000
	// CloseGoingAway says that this server stops; the interview can be resumed.
	CloseGoingAway = 1001
	// CloseProtocol says that the peer broke the WebSocket protocol.
	CloseProtocol = 1002
	// CloseAbnormal never travels: it stands for a connection that ended without
	// a close frame.
	CloseAbnormal = 1006
	// CloseFlood says that the client sent more than any client has reason to.
	CloseFlood = 1008
	// CloseTooBig says that a message was over the size limit.
	CloseTooBig = 1009
	// CloseInternal says that the server failed; the interview can be resumed.
	CloseInternal = 1011
	// CloseTryAgain says that the connection can't be served now: it does not
	// keep up with what it is sent, or the server is full. Connecting again helps.
	CloseTryAgain = 1013

	// CloseInvalidInterview says that there is no such voice interview.
	CloseInvalidInterview = 4000
	// CloseNotActive says that the interview is over, expired or deleted.
	CloseNotActive = 4001
	// CloseNoSpeech says that speech can't be recognised now and the client did
	// not choose typing.
	CloseNoSpeech = 4002
	// CloseRevoked says that the token was revoked or ran out.
	CloseRevoked = 4003
	// CloseTakenOver says that another connection carries the interview now. The
	// client must not reconnect by itself.
	CloseTakenOver = 4409
)

// CloseReason is the text that goes with a code.
func CloseReason(code int) string {
	switch code {
	case CloseCompleted:
		return "Interview completed"
	case CloseGoingAway:
		return "Server is stopping"
	case CloseProtocol:
		return "Protocol error"
	case CloseFlood:
		return "Too many messages"
	case CloseTooBig:
		return "Message too large"
	case CloseInternal:
		return "Internal error"
	case CloseTryAgain:
		return "Connection too slow"
	case CloseInvalidInterview:
		return "Invalid interview"
	case CloseNotActive:
		return "Interview not active"
	case CloseNoSpeech:
		return "Speech recognition unavailable"
	case CloseRevoked:
		return "Access revoked"
	case CloseTakenOver:
		return "Taken over"
	}
	return ""
}

// ErrorCode says which case an Error or a Notice is.
type ErrorCode string

// The cases of Error, with the contract's texts, and of Notice.
const (
	// CodeSpeechRecognition: what is said is not understood at the moment
	// ("Speech recognition error").
	CodeSpeechRecognition ErrorCode = "speech_recognition"
	// CodeResponse: no answer could be made ("Failed to process response").
	CodeResponse ErrorCode = "response"
	// CodeInvalidMessage: a message of the client was refused.
	CodeInvalidMessage ErrorCode = "invalid_message"
	// CodeOverloaded: the server takes no further call now.
	CodeOverloaded ErrorCode = "overloaded"
	// CodeTyping: the interview goes on in writing.
	CodeTyping ErrorCode = "typing"
	// CodeNoVoice: the interviewer's voice is missing; its words are shown.
	CodeNoVoice ErrorCode = "no_voice"
	// CodeRecovered: what an earlier notice told of is over.
	CodeRecovered ErrorCode = "recovered"
	// CodeTimeLow: the interview's time is nearly used up.
	CodeTimeLow ErrorCode = "time_low"
)

// GoneReason says why a connection is given up while its interview lives.
type GoneReason string

// The reasons of Gone.
const (
	GoneTakenOver GoneReason = "taken_over" // another device goes on; close code 4409 follows
	GoneShutdown  GoneReason = "shutdown"   // the server stops; connect again; 1001 follows
	GoneFailed    GoneReason = "failed"     // the server failed; connect again; 1011 follows
)
