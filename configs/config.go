package configs

import "time"

// Config is everything that can be set. Tags: env lists the variable's names, the
// first is the one to use and the others are older spellings of the same;
// default is used when none is set; oneof, min and max bound the value.
type Config struct {
	Server    Server
	Storage   Storage
	Providers Providers
	Voice     Voice
	Turn      Turn
	Accounts  Accounts
	Messaging Messaging
	Files     Files
	Log       Log
}

// Server is the edge.
type Server struct {
	// Env is development, test or production. Production refuses to start with a
	// missing or default secret. APP_ENV and NODE_ENV must not contradict.
	Env string `env:"APP_ENV,NODE_ENV" default:"development" oneof:"development test production"`
	// Host is the address to listen on.
	Host string `env:"HOST" default:"127.0.0.1"`
	// Port is the TCP port; 0 takes a free one.
	Port int `env:"PORT" default:"3000" min:"0" max:"65535"`
	// APIURL is this server's origin as clients see it. It has no path: the
	// frontend gives the same value to Socket.IO, where a path is a namespace.
	APIURL string `env:"API_URL" default:"http://localhost:3000" check:"origin"`
	// FrontendURL is the one origin that may call with credentials, and where
	// interview links point.
	FrontendURL string `env:"FRONTEND_URL,CLIENT_URL" default:"http://localhost:8080" check:"origin"`
	// DevKey lets a developer create interviews without an account, as the seeded
	// recruiter. In development an empty one is generated and written to dev.key
	// in the data folder; in production an empty one switches the door off.
	DevKey Secret `env:"VANTAHIRE_DEV_KEY" minlen:"24"`
	// MetricsOpen serves /metrics to other than loopback addresses.
	MetricsOpen bool `env:"VANTAHIRE_METRICS_OPEN" default:"false"`
	// Profile serves /debug/pprof to loopback addresses: where the program spends
	// its time and memory. It can show what candidates say.
	Profile bool `env:"VANTAHIRE_PPROF" default:"false"`
	// DrainTimeout is how long running interviews may go on after the signal to stop.
	// Then they are handed over: their candidates come back to another server, or to
	// this one's successor. A second signal hands them over at once.
	DrainTimeout time.Duration `env:"VANTAHIRE_DRAIN_TIMEOUT" default:"15s" min:"0s" max:"2h"`
	// StopTimeout bounds what follows: goodbyes, the last writes, closing everything.
	StopTimeout time.Duration `env:"VANTAHIRE_STOP_TIMEOUT" default:"15s" min:"1s" max:"5m"`
}

// Production reports whether the strict rules hold.
func (s Server) Production() bool { return s.Env == "production" }

// Storage is where data lives.
type Storage struct {
	// DatabaseURL is the PostgreSQL to use; empty runs an own, private one.
	DatabaseURL Secret `env:"DATABASE_URL" check:"postgres"`
	// RedisURL is the Redis to use; empty runs one in the process.
	RedisURL Secret `env:"REDIS_URL" check:"redis"`
	// DataDir holds the private database and the development key. Empty: as root
	// /var/lib/vantahire, else vantahire in the user's data folder.
	DataDir string `env:"VANTAHIRE_DATA_DIR"`
	// JournalDir is where events wait that the database does not take: a folder on a
	// disk that survives a restart. Several servers on one machine may share it.
	// Empty: journal in the data folder.
	JournalDir string `env:"VANTAHIRE_JOURNAL_DIR"`
	// JournalMB bounds what may wait there, in MiB. A call writes about 2 MiB an
	// hour.
	JournalMB int `env:"VANTAHIRE_JOURNAL_MAX_MB" default:"256" min:"1" max:"65536"`
	// RecordKey seals the record of a completed interview (HMAC-SHA-256), so that it
	// can be verified later. Empty: a generated one in the data folder. Servers of
	// one database need the same.
	RecordKey Secret `env:"VANTAHIRE_RECORD_KEY" minlen:"32"`
	// Jobs lets this process work on what nobody waits for: expiry, tidying up.
	Jobs bool `env:"VANTAHIRE_JOBS" default:"true"`
	// PostgresBin is the folder of the postgres and initdb programs of the private
	// database. Empty: looked for in the usual places.
	PostgresBin string `env:"VANTAHIRE_PG_BIN"`
}

// Providers are the speech and language services.
type Providers struct {
	// DeepgramKey is the API key of Deepgram, which hears and speaks. Empty: not
	// used.
	DeepgramKey Secret `env:"DEEPGRAM_API_KEY"`
	// GroqKey is the API key of Groq, which words the interview. Empty: not used.
	GroqKey Secret `env:"GROQ_API_KEY"`
	// CartesiaKey is the API key of Cartesia, which speaks. Empty: not used.
	CartesiaKey Secret `env:"CARTESIA_API_KEY"`
	// TTS is the voice to prefer: deepgram, cartesia or local. Empty takes the first
	// that has its key, else local. The others that can be had follow when it fails.
	TTS string `env:"VOICE_TTS_PROVIDER,TTS_PROVIDER" oneof:"deepgram cartesia local"`
	// LowLatency forces the fastest voice: cartesia, whose key it needs. It
	// overrules VOICE_TTS_PROVIDER.
	LowLatency bool `env:"VOICE_TTS_LOW_LATENCY" default:"false"`
	// DeepgramURL is where Deepgram answers: another region, a gateway, or a
	// simulated one (vantahire providers).
	DeepgramURL string `env:"DEEPGRAM_URL" default:"https://api.deepgram.com" check:"url"`
	// DeepgramListenModel is the recognition model.
	DeepgramListenModel string `env:"DEEPGRAM_STT_MODEL" default:"nova-3"`
	// DeepgramVoice is the voice.
	DeepgramVoice string `env:"DEEPGRAM_TTS_MODEL" default:"aura-2-thalia-en"`
	// DeepgramSpeakSockets is how many voices of the account may be open at once.
	DeepgramSpeakSockets int `env:"DEEPGRAM_TTS_SOCKETS" default:"45" min:"1" max:"10000"`
	// CartesiaURL is where Cartesia answers.
	CartesiaURL string `env:"CARTESIA_URL" default:"https://api.cartesia.ai" check:"url"`
	// CartesiaModel is the voice model.
	CartesiaModel string `env:"CARTESIA_MODEL" default:"sonic-3.5"`
	// CartesiaVoice is the voice's id.
	CartesiaVoice string `env:"CARTESIA_VOICE" default:"f786b574-daa5-4673-aa0c-cbe3e8534c02"`
	// CartesiaContexts is how many replies the account may have spoken at once.
	CartesiaContexts int `env:"CARTESIA_CONCURRENCY" default:"15" min:"1" max:"10000"`
	// GroqURL is where Groq answers, up to and with its version.
	GroqURL string `env:"GROQ_URL" default:"https://api.groq.com/openai/v1" check:"url"`
	// GroqModel words the interview.
	GroqModel string `env:"GROQ_MODEL" default:"openai/gpt-oss-120b"`
	// GroqSpareModel is asked beside a silent GroqModel, and instead of one that
	// fails. Empty: none.
	GroqSpareModel string `env:"GROQ_FALLBACK_MODEL" default:"openai/gpt-oss-20b"`
	// ChatURL is a further server of the same protocol, asked after Groq, or alone:
	// an account elsewhere or a model of one's own. Empty: none. Needs a model.
	ChatURL string `env:"VANTAHIRE_LLM_URL" check:"url"`
	// ChatKey is its API key; a server of one's own may need none.
	ChatKey Secret `env:"VANTAHIRE_LLM_API_KEY"`
	// ChatModel is the model to ask there.
	ChatModel string `env:"VANTAHIRE_LLM_MODEL"`
	// ChatProfile says what that server understands.
	ChatProfile string `env:"VANTAHIRE_LLM_PROFILE" default:"openai" oneof:"openai groq vllm ollama"`
	// Tokens is what one interview may cost at language models, prompts included.
	// Then it closes politely. 0: no bound.
	Tokens int `env:"VANTAHIRE_LLM_TOKENS" default:"1000000" min:"0" max:"1000000000"`
	// Characters is what one interview may have spoken. Then it closes politely.
	// 0: no bound.
	Characters int `env:"VANTAHIRE_TTS_CHARACTERS" default:"100000" min:"0" max:"1000000000"`
	// LocalCalls is how many calls local speech serves at once; 0 switches it off,
	// and candidates type and read.
	LocalCalls int `env:"VANTAHIRE_LOCAL_CALLS" default:"4" min:"0" max:"64"`
	// SpeechWorkers is how many local speech processes may run; 0 means one per
	// core.
	SpeechWorkers int `env:"VANTAHIRE_SPEECH_WORKERS" default:"0" min:"0" max:"64"`
}

// Voice is the live interview.
type Voice struct {
	// MaxCalls is how many spoken interviews may be live at once in this process.
	MaxCalls int `env:"VANTAHIRE_MAX_CALLS" default:"100" min:"1" max:"10000"`
	// MaxTexts is how many interviews in writing may be live at once beside them. They
	// need no speech, and are live only while a reply is made and for a few seconds
	// more.
	MaxTexts int `env:"VANTAHIRE_MAX_TEXTS" default:"1000" min:"1" max:"100000"`
	// VAD is the voice detector: silero, energy, or auto: silero when its weights
	// were fetched.
	VAD string `env:"VANTAHIRE_VAD" default:"auto" oneof:"auto silero energy"`
	// Consent is the policy of interviews that don't choose: required (nothing is
	// dialled or stored before the candidate agreed) or implied (the API client
	// has obtained it).
	Consent string `env:"VANTAHIRE_CONSENT" default:"required" oneof:"required implied"`
}

// Turn tunes the conversation; the finer numbers stand beside the turn machine.
type Turn struct {
	// EndSilence is how long the candidate must be quiet before a turn that sounds
	// complete passes.
	EndSilence time.Duration `env:"TURN_END_SILENCE" default:"300ms" min:"150ms" max:"3s"`
	// Grace is how long the interview waits for a candidate whose connection is
	// gone, each time.
	Grace time.Duration `env:"TURN_GRACE" default:"120s" min:"5s" max:"30m"`
	// GraceTotal is how long it waits in all.
	GraceTotal time.Duration `env:"TURN_GRACE_TOTAL" default:"4m" min:"5s" max:"2h"`
}

// Accounts are logins, sessions and interview links.
type Accounts struct {
	// GoogleClientID and its secret switch the login with Google on. Both or
	// neither.
	GoogleClientID string `env:"GOOGLE_CLIENT_ID"`
	// GoogleClientSecret belongs to the client id.
	GoogleClientSecret Secret `env:"GOOGLE_CLIENT_SECRET"`
	// LinkedInClientID and its secret switch the login with LinkedIn on. Both or
	// neither.
	LinkedInClientID string `env:"LINKEDIN_CLIENT_ID"`
	// LinkedInClientSecret belongs to the client id.
	LinkedInClientSecret Secret `env:"LINKEDIN_CLIENT_SECRET"`
	// SessionSecret is accepted for compatibility and not used: a session is a
	// random id, and what it stands for is on the server.
	SessionSecret Secret `env:"SESSION_SECRET" minlen:"32"`
	// SessionTTLSeconds is the life of a session, in seconds.
	SessionTTLSeconds int `env:"SESSION_TTL_SECONDS" default:"604800" min:"60" max:"31536000"`
	// InterviewTTLHours is the life of an interview link, in hours; 0: as long as
	// its interview.
	InterviewTTLHours int `env:"INTERVIEW_SESSION_TTL_HOURS" default:"0" min:"0" max:"8760"`
	// TestToken lets an end-to-end suite log in as anybody. Production refuses it.
	TestToken Secret `env:"E2E_AUTH_TOKEN" minlen:"8"`
	// LinkTTL is the life of an interview that was created without an end.
	LinkTTL time.Duration `env:"VANTAHIRE_LINK_TTL" default:"168h" min:"1m" max:"8760h"`
}

// Messaging is mail and WhatsApp.
type Messaging struct {
	// BrevoKey is the API key of Brevo, which sends mail. Needs a sender's address.
	BrevoKey Secret `env:"BREVO_API_KEY"`
	// BrevoSenderEmail is the address mail comes from. Needs the key.
	BrevoSenderEmail string `env:"BREVO_SENDER_EMAIL"`
	// BrevoSenderName is the name beside that address.
	BrevoSenderName string `env:"BREVO_SENDER_NAME" default:"VantaHire"`
	// BrevoWebhookSecret is what Brevo proves itself with. Without it production
	// refuses its webhooks, development accepts them.
	BrevoWebhookSecret Secret `env:"BREVO_WEBHOOK_SECRET"`
	// WhatsAppKey is the access token of the WhatsApp Cloud API. Needs the phone's
	// id.
	WhatsAppKey Secret `env:"WHATSAPP_API_KEY,WHATSAPP_ACCESS_TOKEN"`
	// WhatsAppPhoneID is the id of the number messages come from. Needs the key.
	WhatsAppPhoneID string `env:"WHATSAPP_PHONE_ID,WHATSAPP_PHONE_NUMBER_ID"`
	// WhatsAppVerifyToken is what Meta repeats when the webhook is registered.
	WhatsAppVerifyToken Secret `env:"WHATSAPP_VERIFY_TOKEN"`
	// WhatsAppAppSecret signs webhooks. Without it they are refused.
	WhatsAppAppSecret Secret `env:"WHATSAPP_APP_SECRET"`
}

// Files are uploads and recordings.
type Files struct {
	// MaxFileSizeMB bounds an upload, in MiB.
	MaxFileSizeMB int `env:"MAX_FILE_SIZE_MB" default:"10" min:"1" max:"1024"`
	// URLKey signs the URLs that open a file for a while (HMAC-SHA-256). Empty: a
	// generated one in the data folder. Servers behind one address need the same.
	URLKey Secret `env:"VANTAHIRE_URL_KEY" minlen:"32"`
	// GCSBucket is the Google Cloud Storage bucket for files. Empty: the data
	// folder.
	GCSBucket string `env:"GCS_BUCKET_NAME,GCS_BUCKET"`
	// GCSProjectID is the project of the bucket.
	GCSProjectID string `env:"GCS_PROJECT_ID"`
	// GCSCredentials is a service account: its JSON document, or the path of one.
	GCSCredentials Secret `env:"GCS_CREDENTIALS,GOOGLE_APPLICATION_CREDENTIALS"`
}

// Log is what the program says.
type Log struct {
	// Level is the least important level that is written. What candidates say shows
	// at debug only.
	Level string `env:"VANTAHIRE_LOG_LEVEL" default:"info" oneof:"debug info warn error"`
	// Format is text for people or json for machines.
	Format string `env:"VANTAHIRE_LOG_FORMAT" default:"text" oneof:"text json"`
}
