package configs

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// from makes a lookup of pairs.
func from(pairs ...string) LookupFunc {
	return func(key string) (string, bool) {
		for i := 0; i+1 < len(pairs); i += 2 {
			if pairs[i] == key {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

func TestNothingSetGivesTheDefaults(t *testing.T) {
	t.Parallel()
	c, err := Load(from())
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.Port != 3000 || c.Server.Production() || c.Turn.EndSilence != 300*time.Millisecond || c.Voice.Consent != "required" || c.Providers.LocalCalls != 4 {
		t.Errorf("defaults: %+v", c)
	}
}

func TestAWrongValueIsToldWithKeyValueAndFix(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		env  []string
		want string
	}{
		"a port that is no number":   {[]string{"PORT", "http"}, `PORT is "http"; use a whole number from 0 to 65535`},
		"a port too high":            {[]string{"PORT", "70000"}, `PORT is "70000"; use at most 65535`},
		"a duration without a unit":  {[]string{"TURN_END_SILENCE", "300"}, `TURN_END_SILENCE is "300"; use a duration like 300ms`},
		"a duration too short":       {[]string{"TURN_END_SILENCE", "100ms"}, `TURN_END_SILENCE is "100ms"; use at least 150ms`},
		"a duration too long":        {[]string{"TURN_END_SILENCE", "1m"}, `TURN_END_SILENCE is "1m"; use at most 3s`},
		"an unknown choice":          {[]string{"VANTAHIRE_VAD", "magic"}, `VANTAHIRE_VAD is "magic"; use one of auto, silero, energy`},
		"neither true nor false":     {[]string{"VOICE_TTS_LOW_LATENCY", "maybe"}, `VOICE_TTS_LOW_LATENCY is "maybe"; use true or false`},
		"an origin with a path":      {[]string{"API_URL", "http://a.test/api"}, `API_URL is "http://a.test/api"; use the origin only`},
		"an origin with a slash":     {[]string{"FRONTEND_URL", "http://a.test/"}, `FRONTEND_URL is "http://a.test/"; remove the slash`},
		"no origin":                  {[]string{"FRONTEND_URL", "a.test"}, `FRONTEND_URL is "a.test"; use an origin like`},
		"another database":           {[]string{"DATABASE_URL", "mysql://u:p@h/d"}, `DATABASE_URL is "[set]"; use a URL like postgres://`},
		"another cache":              {[]string{"REDIS_URL", "h:6379"}, `REDIS_URL is "[set]"; use a URL like redis://`},
		"a short key":                {[]string{"VANTAHIRE_DEV_KEY", "short"}, `VANTAHIRE_DEV_KEY is "[set]"; use at least 24 characters`},
		"the alias is named":         {[]string{"CLIENT_URL", "a.test"}, `CLIENT_URL is "a.test"`},
		"two spellings that differ":  {[]string{"FRONTEND_URL", "http://a.test", "CLIENT_URL", "http://b.test"}, `CLIENT_URL is "http://b.test"; it contradicts FRONTEND_URL`},
		"two environments":           {[]string{"APP_ENV", "production", "NODE_ENV", "development"}, `NODE_ENV is "development"; it contradicts APP_ENV`},
		"a voice without its key":    {[]string{"VOICE_TTS_PROVIDER", "cartesia"}, `CARTESIA_API_KEY is not set; VOICE_TTS_PROVIDER=cartesia needs it`},
		"low latency without a key":  {[]string{"VOICE_TTS_LOW_LATENCY", "true"}, `CARTESIA_API_KEY is not set; VOICE_TTS_LOW_LATENCY=true needs it`},
		"half a login":               {[]string{"GOOGLE_CLIENT_ID", "x"}, `GOOGLE_CLIENT_SECRET is not set; it belongs to GOOGLE_CLIENT_ID`},
		"less grace in all than one": {[]string{"TURN_GRACE", "10m"}, `TURN_GRACE_TOTAL is "4m0s"; use at least TURN_GRACE`},
	} {
		_, err := Load(from(c.env...))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", name, err, c.want)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	t.Parallel()
	_, err := Load(from("PORT", "x", "VANTAHIRE_VAD", "y", "TURN_GRACE", "z"))
	for _, key := range []string{"PORT", "VANTAHIRE_VAD", "TURN_GRACE"} {
		if err == nil || !strings.Contains(err.Error(), key+" is") {
			t.Errorf("%s is not told: %v", key, err)
		}
	}
}

func TestOldSpellingsWork(t *testing.T) {
	t.Parallel()
	c, err := Load(from("CLIENT_URL", "http://a.test", "TTS_PROVIDER", "local", "FRONTEND_URL", "", "WHATSAPP_ACCESS_TOKEN", "k", "WHATSAPP_PHONE_NUMBER_ID", "7"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Server.FrontendURL != "http://a.test" || c.Providers.TTS != "local" || c.Messaging.WhatsAppKey.Reveal() != "k" || c.Messaging.WhatsAppPhoneID != "7" {
		t.Errorf("%+v", c)
	}
}

// production is what production needs at least.
var production = []string{
	"APP_ENV", "production", "DATABASE_URL", "postgres://u:p@db/v", "REDIS_URL", "redis://r:6379/0",
	"API_URL", "https://api.test", "FRONTEND_URL", "https://app.test",
}

func TestProductionRefusesWhatIsMissingOrForDevelopment(t *testing.T) {
	t.Parallel()
	if _, err := Load(from(production...)); err != nil {
		t.Fatalf("a complete production is refused: %v", err)
	}
	_, err := Load(from("NODE_ENV", "production"))
	for _, key := range []string{"DATABASE_URL", "REDIS_URL", "API_URL", "FRONTEND_URL"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not asked for: %v", key, err)
		}
	}
	for name, extra := range map[string][]string{
		"E2E_AUTH_TOKEN":    {"E2E_AUTH_TOKEN", "12345678"},
		"VANTAHIRE_DEV_KEY": {"VANTAHIRE_DEV_KEY", "change-me-change-me-change-me"},
	} {
		if _, err := Load(from(append(extra, production...)...)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s passes: %v", name, err)
		}
	}
}

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	const secret = "sk-very-secret-value-0123456789"
	c, err := Load(from("DEEPGRAM_API_KEY", secret, "VANTAHIRE_DEV_KEY", secret, "DATABASE_URL", "postgres://u:"+secret+"@h/d"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "key", c.Providers.DeepgramKey, "all", c)
	for name, text := range map[string]string{"JSON": string(raw), "%+v": fmt.Sprintf("%+v", c), "%#v": fmt.Sprintf("%#v", c), "the log": log.String()} {
		if strings.Contains(text, secret) {
			t.Errorf("a secret shows in %s: %s", name, text)
		}
	}
	if c.Providers.DeepgramKey.Reveal() != secret {
		t.Error("the secret is not there for who needs it")
	}
}
