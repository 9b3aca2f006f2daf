package configs

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// checkForm checks a value's form and returns what to do about it, or "".
func checkForm(form, value string) string {
	switch form {
	case "origin":
		u, err := url.Parse(value)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return "use an origin like https://hire.example.com"
		}
		if strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return "use the origin only, without a path, a query or a password"
		}
		if strings.HasSuffix(value, "/") {
			return "remove the slash at its end"
		}
	case "url":
		u, err := url.Parse(value)
		if err != nil || !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) || u.Host == "" {
			return "use a URL like https://api.example.com"
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			return "leave out the password, the query and the fragment"
		}
	case "postgres":
		if !strings.HasPrefix(value, "postgres://") && !strings.HasPrefix(value, "postgresql://") {
			return "use a URL like postgres://user:password@host:5432/database"
		}
		if _, err := url.Parse(value); err != nil {
			return "it is not a URL; percent-encode special characters of the password"
		}
	case "redis":
		if !strings.HasPrefix(value, "redis://") && !strings.HasPrefix(value, "rediss://") {
			return "use a URL like redis://host:6379/0"
		}
		if _, err := url.Parse(value); err != nil {
			return "it is not a URL; percent-encode special characters of the password"
		}
	}
	return ""
}

// validate checks what concerns several settings.
func (c Config) validate() (faults []error) {
	need := func(key, value, fix string) {
		if value == "" {
			faults = append(faults, &Fault{Key: key, Fix: fix})
		}
	}
	if c.Providers.TTS == "cartesia" {
		need("CARTESIA_API_KEY", c.Providers.CartesiaKey.Reveal(), "VOICE_TTS_PROVIDER=cartesia needs it; set it or choose another voice")
	}
	if c.Providers.TTS == "deepgram" {
		need("DEEPGRAM_API_KEY", c.Providers.DeepgramKey.Reveal(), "VOICE_TTS_PROVIDER=deepgram needs it; set it or choose another voice")
	}
	if c.Providers.LowLatency {
		need("CARTESIA_API_KEY", c.Providers.CartesiaKey.Reveal(), "VOICE_TTS_LOW_LATENCY=true needs it; set it or remove the switch")
	}
	if c.Providers.ChatURL != "" {
		need("VANTAHIRE_LLM_MODEL", c.Providers.ChatModel, "VANTAHIRE_LLM_URL needs it; set it or remove the URL")
	}
	if c.Turn.GraceTotal < c.Turn.Grace {
		faults = append(faults, &Fault{"TURN_GRACE_TOTAL", c.Turn.GraceTotal.String(), fmt.Sprintf("use at least TURN_GRACE, which is %s", c.Turn.Grace)})
	}
	for _, pair := range [][4]string{
		{"GOOGLE_CLIENT_ID", c.Accounts.GoogleClientID, "GOOGLE_CLIENT_SECRET", c.Accounts.GoogleClientSecret.Reveal()},
		{"LINKEDIN_CLIENT_ID", c.Accounts.LinkedInClientID, "LINKEDIN_CLIENT_SECRET", c.Accounts.LinkedInClientSecret.Reveal()},
		{"BREVO_SENDER_EMAIL", c.Messaging.BrevoSenderEmail, "BREVO_API_KEY", c.Messaging.BrevoKey.Reveal()},
		{"WHATSAPP_PHONE_ID", c.Messaging.WhatsAppPhoneID, "WHATSAPP_API_KEY", c.Messaging.WhatsAppKey.Reveal()},
	} {
		if (pair[1] == "") != (pair[3] == "") {
			missing, other := pair[0], pair[2]
			if pair[1] != "" {
				missing, other = other, missing
			}
			faults = append(faults, &Fault{Key: missing, Fix: fmt.Sprintf("it belongs to %s; set both or neither", other)})
		}
	}
	if c.Server.Production() {
		faults = append(faults, c.validateProduction()...)
	}
	return faults
}

// validateProduction refuses what is only good enough for development.
func (c Config) validateProduction() (faults []error) {
	for _, k := range []struct{ key, value, fix string }{
		{"DATABASE_URL", c.Storage.DatabaseURL.Reveal(), "production needs a PostgreSQL that outlives this machine"},
		{"REDIS_URL", c.Storage.RedisURL.Reveal(), "production needs a Redis that all its processes share"},
	} {
		if k.value == "" {
			faults = append(faults, &Fault{Key: k.key, Fix: k.fix})
		}
	}
	if u, err := url.Parse(c.Storage.DatabaseURL.Reveal()); err == nil && u.User != nil {
		if password, _ := u.User.Password(); slices.Contains(defaultPasswords, strings.ToLower(password)) {
			faults = append(faults, &Fault{"DATABASE_URL", shown, "its password is a well-known default; give the database one of its own"})
		}
	}
	for _, o := range []struct{ key, value string }{{"API_URL", c.Server.APIURL}, {"FRONTEND_URL", c.Server.FrontendURL}} {
		if !strings.HasPrefix(o.value, "https://") {
			faults = append(faults, &Fault{o.key, o.value, "production needs https: browsers give no microphone to other pages"})
		}
	}
	if c.Accounts.TestToken != "" {
		faults = append(faults, &Fault{"E2E_AUTH_TOKEN", shown, "remove it: test logins have no place in production"})
	}
	if c.Server.DevKey != "" && weak(c.Server.DevKey.Reveal()) {
		faults = append(faults, &Fault{"VANTAHIRE_DEV_KEY", shown, "it looks like an example; use a random one, or remove it"})
	}
	return faults
}

// defaultPasswords are those of development's compose file and of fresh databases.
var defaultPasswords = []string{"vantahire", "postgres", "password", "changeme", "change-me", "admin", "root"}

// weak reports a secret that was copied from an example or typed in a hurry.
func weak(secret string) bool {
	lower := strings.ToLower(secret)
	for _, word := range []string{"change", "example", "secret", "password", "development", "your-"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	seen := map[rune]bool{}
	for _, r := range lower {
		seen[r] = true
	}
	return len(seen) < 8
}
