package cartesia

import (
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Name is what the provider is called in configuration, errors and metrics.
const Name = "cartesia"

const (
	// DefaultVersion is the protocol version most deployments pin, and the one
	// whose voice shape the newer but one still takes. Errors are read in the
	// shapes of all versions.
	DefaultVersion = "2025-04-16"
	// DefaultModel is the model the provider recommends.
	DefaultModel = "sonic-3.5"
	// DefaultVoice is an English voice every account has.
	DefaultVoice = "f786b574-daa5-4673-aa0c-cbe3e8534c02"
	// plainVoice is the first version that takes a voice without its mode.
	plainVoice = "2026-08-14"
)

// Config says where and how to speak. The zero value of a field means its default.
type Config struct {
	BaseURL   string // default wss://api.cartesia.ai; http and https are taken for ws and wss
	Key       string // secret; never logged
	KeyHeader string // default Authorization (with "Bearer "); old gateways only know X-API-Key
	Version   string // date of the protocol; default DefaultVersion
	// VersionHeader is the header that carries Version. Default Cartesia-Version.
	VersionHeader string
	Model         string // default DefaultModel
	VoiceID       string // default DefaultVoice
	SampleRate    int    // default 24000; of 8000, 16000, 22050, 24000, 44100, 48000
	Logger        *slog.Logger

	// Contexts is how many replies may be spoken at once: the limit of the account
	// (2 to 15 by plan). Default 15. Beyond, Open fails with providers.ErrBusy.
	Contexts int
	// PerSocket is how many of them share a socket, and fail with it. Default 4.
	PerSocket int
	// Sockets bounds the pool. Default: enough for Contexts, and two to spare.
	Sockets int

	// FirstChunk is how long the first sound after a silence may take, retries
	// included; default 4 s. NextChunk is how long the sound may stall within what
	// is owed; default 3 s. Done is how long the end of a context is waited for
	// once all its sound was delivered; default 10 s.
	FirstChunk, NextChunk, Done time.Duration
	// Renew is how long a context may be silent before a further sentence opens a
	// new one. The provider forgets a context about 1 s after its last sound;
	// default 600 ms.
	Renew time.Duration
	// IdleClose is how long a socket is kept without use. The provider closes it
	// after 5 min; default 4 min 30 s, so that no request meets a closing socket.
	IdleClose time.Duration
	// BackoffMin and BackoffMax bound the pause before a request is repeated that
	// was refused because of too many. Defaults 200 and 800 ms.
	BackoffMin, BackoffMax time.Duration
}

func (c Config) withDefaults() Config {
	text := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	number := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	duration := func(field *time.Duration, value time.Duration) {
		if *field <= 0 {
			*field = value
		}
	}
	text(&c.BaseURL, "wss://api.cartesia.ai")
	text(&c.KeyHeader, "Authorization")
	text(&c.Version, DefaultVersion)
	text(&c.VersionHeader, "Cartesia-Version")
	text(&c.Model, DefaultModel)
	text(&c.VoiceID, DefaultVoice)
	number(&c.SampleRate, 24000)
	number(&c.Contexts, 15)
	number(&c.PerSocket, 4)
	number(&c.Sockets, (c.Contexts+c.PerSocket-1)/c.PerSocket+2)
	duration(&c.FirstChunk, 4*time.Second)
	duration(&c.NextChunk, 3*time.Second)
	duration(&c.Done, 10*time.Second)
	duration(&c.Renew, 600*time.Millisecond)
	duration(&c.IdleClose, 4*time.Minute+30*time.Second)
	duration(&c.BackoffMin, 200*time.Millisecond)
	duration(&c.BackoffMax, 800*time.Millisecond)
	c.BackoffMax = max(c.BackoffMin, c.BackoffMax)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// endpoint is the socket's address. A version in its query would win over the
// header and change the shapes of messages, so it is taken out.
func (c Config) endpoint() string {
	u, err := url.Parse(c.BaseURL)
	if err != nil {
		return c.BaseURL // the dial says what is wrong with it
	}
	if !strings.HasSuffix(u.Path, "/tts/websocket") {
		u = u.JoinPath("tts", "websocket")
	}
	query := u.Query()
	query.Del("cartesia_version")
	u.RawQuery = query.Encode()
	return u.String()
}

func (c Config) header() http.Header {
	key := c.Key
	if strings.EqualFold(c.KeyHeader, "Authorization") {
		key = "Bearer " + key
	}
	h := http.Header{}
	h.Set(c.KeyHeader, key)
	h.Set(c.VersionHeader, c.Version)
	return h
}
