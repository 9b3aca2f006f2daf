package configs

import (
	"encoding/json"
	"errors"
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
		"a port that is no number":    {[]string{"PORT", "http"}, `PORT is "http"; use a whole number from 0 to 65535`},
		"a port too high":             {[]string{"PORT", "70000"}, `PORT is "70000"; use at most 65535`},
		"a duration without a unit":   {[]string{"TURN_END_SILENCE", "300"}, `TURN_END_SILENCE is "300"; use a duration like 300ms`},
		"a duration too short":        {[]string{"TURN_END_SILENCE", "100ms"}, `TURN_END_SILENCE is "100ms"; use at least 150ms`},
		"a duration too long":         {[]string{"TURN_END_SILENCE", "1m"}, `TURN_END_SILENCE is "1m"; use at most 3s`},
		"an unknown choice":           {[]string{"VANTAHIRE_VAD", "magic"}, `VANTAHIRE_VAD is "magic"; use one of auto, silero, energy`},
		"neither true nor false":      {[]string{"VOICE_TTS_LOW_LATENCY", "maybe"}, `VOICE_TTS_LOW_LATENCY is "maybe"; use true or false`},
		"an origin with a path":       {[]string{"API_URL", "http://a.test/api"}, `API_URL is "http://a.test/api"; use the origin only`},
		"an origin with a slash":      {[]string{"FRONTEND_URL", "http://a.test/"}, `FRONTEND_URL is "http://a.test/"; remove the slash`},
		"no origin":                   {[]string{"FRONTEND_URL", "a.test"}, `FRONTEND_URL is "a.test"; use an origin like`},
		"a provider's URL":            {[]string{"GROQ_URL", "api.groq.com"}, `GROQ_URL is "api.groq.com"; use a URL like`},
		"a password in a URL":         {[]string{"DEEPGRAM_URL", "https://u:p@a.test"}, `DEEPGRAM_URL is "[set]"; leave out the password`},
		"a server without a model":    {[]string{"VANTAHIRE_LLM_URL", "http://127.0.0.1:11434/v1"}, `VANTAHIRE_LLM_MODEL is not set; VANTAHIRE_LLM_URL needs it`},
		"another database":            {[]string{"DATABASE_URL", "mysql://u:p@h/d"}, `DATABASE_URL is "[set]"; use a URL like postgres://`},
		"another cache":               {[]string{"REDIS_URL", "h:6379"}, `REDIS_URL is "[set]"; use a URL like redis://`},
		"a short key":                 {[]string{"VANTAHIRE_DEV_KEY", "short"}, `VANTAHIRE_DEV_KEY is "[set]"; use at least 24 characters`},
		"the alias is named":          {[]string{"CLIENT_URL", "a.test"}, `CLIENT_URL is "a.test"`},
		"two spellings that differ":   {[]string{"FRONTEND_URL", "http://a.test", "CLIENT_URL", "http://b.test"}, `CLIENT_URL is "http://b.test"; it contradicts FRONTEND_URL`},
		"two environments":            {[]string{"APP_ENV", "production", "NODE_ENV", "development"}, `NODE_ENV is "development"; it contradicts APP_ENV`},
		"a voice without its key":     {[]string{"VOICE_TTS_PROVIDER", "cartesia"}, `CARTESIA_API_KEY is not set; VOICE_TTS_PROVIDER=cartesia needs it`},
		"low latency without a key":   {[]string{"VOICE_TTS_LOW_LATENCY", "true"}, `CARTESIA_API_KEY is not set; VOICE_TTS_LOW_LATENCY=true needs it`},
		"a number too low":            {[]string{"VANTAHIRE_MAX_CALLS", "0"}, `VANTAHIRE_MAX_CALLS is "0"; use at least 1`},
		"a number beyond the machine": {[]string{"PORT", "99999999999999999999"}, `use a whole number from 0 to 65535`},
		"an origin with a query":      {[]string{"API_URL", "http://a.test?x=1"}, `use the origin only`},
		"an origin with a password":   {[]string{"API_URL", "http://u:hunter2@a.test"}, `API_URL is "[set]"; use the origin only`},
		"an origin of another kind":   {[]string{"API_URL", "ftp://a.test"}, `use an origin like`},
		"a database URL that breaks":  {[]string{"DATABASE_URL", "postgres://u:p%zz@h/d"}, `it is not a URL; percent-encode`},
		"a cache URL that breaks":     {[]string{"REDIS_URL", "redis://:p%zz@h"}, `it is not a URL; percent-encode`},
		"secrets that differ":         {[]string{"WHATSAPP_API_KEY", "hunter2", "WHATSAPP_ACCESS_TOKEN", "hunter3"}, `WHATSAPP_ACCESS_TOKEN is "[set]"; it contradicts WHATSAPP_API_KEY`},
		"a short session secret":      {[]string{"SESSION_SECRET", "hunter2"}, `SESSION_SECRET is "[set]"; use at least 32 characters`},
		"the other voice, no key":     {[]string{"VOICE_TTS_PROVIDER", "deepgram"}, `DEEPGRAM_API_KEY is not set; VOICE_TTS_PROVIDER=deepgram needs it`},
		"the other half of a login":   {[]string{"LINKEDIN_CLIENT_SECRET", "hunter2"}, `LINKEDIN_CLIENT_ID is not set; it belongs to LINKEDIN_CLIENT_SECRET`},
		"mail without a sender":       {[]string{"BREVO_API_KEY", "hunter2"}, `BREVO_SENDER_EMAIL is not set; it belongs to BREVO_API_KEY`},
		"a phone without its key":     {[]string{"WHATSAPP_PHONE_NUMBER_ID", "7"}, `WHATSAPP_API_KEY is not set; it belongs to WHATSAPP_PHONE_ID`},
		"half a login":                {[]string{"GOOGLE_CLIENT_ID", "x"}, `GOOGLE_CLIENT_SECRET is not set; it belongs to GOOGLE_CLIENT_ID`},
		"less grace in all than one":  {[]string{"TURN_GRACE", "10m"}, `TURN_GRACE_TOTAL is "4m0s"; use at least TURN_GRACE`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(from(c.env...))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v\nwant %s", err, c.want)
			}
			if strings.Contains(err.Error(), "hunter") {
				t.Errorf("the fault shows a secret: %v", err)
			}
			if fault, ok := errors.AsType[*Fault](err); !ok || fault.Key == "" || fault.Fix == "" {
				t.Errorf("no fault with a key and a fix: %#v", err)
			}
		})
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
	for name, extra := range map[string][]string{ // the first that is set counts
		"test logins":              {"E2E_AUTH_TOKEN", "12345678"},
		"a key from an example":    {"VANTAHIRE_DEV_KEY", "change-me-change-me-change-me"},
		"a key of one letter":      {"VANTAHIRE_DEV_KEY", strings.Repeat("a", 40)},
		"the database's default":   {"DATABASE_URL", "postgres://u:Postgres@db/v"},
		"the compose's database":   {"DATABASE_URL", "postgres://vantahire:vantahire@db/v"},
		"pages without https":      {"FRONTEND_URL", "http://app.test"},
		"an address without https": {"API_URL", "http://api.test"},
	} {
		if _, err := Load(from(append(extra, production...)...)); err == nil || !strings.Contains(err.Error(), extra[0]) {
			t.Errorf("%s passes: %v", name, err)
		}
	}
	if _, err := Load(from(append([]string{"VANTAHIRE_DEV_KEY", "q8Zr1vT0mXc4Ky7PbN2wLd5h"}, production...)...)); err != nil {
		t.Errorf("a random development key is refused: %v", err)
	}
}

func TestDevelopmentTakesWhatProductionRefuses(t *testing.T) {
	t.Parallel()
	if _, err := Load(from("E2E_AUTH_TOKEN", "12345678", "DATABASE_URL", "postgres://postgres:postgres@db/v", "NODE_ENV", "test")); err != nil {
		t.Error(err)
	}
}

func TestTheSameValueUnderTwoSpellingsIsNoContradiction(t *testing.T) {
	t.Parallel()
	c, err := Load(from("APP_ENV", "test", "NODE_ENV", " test "))
	if err != nil || c.Server.Env != "test" {
		t.Errorf("%q, %v", c.Server.Env, err)
	}
}

func TestSecretsNeverShow(t *testing.T) {
	t.Parallel()
	const secret = "sk-very-secret-value-0123456789-abcdef"
	var env []string
	var all Config
	for _, k := range Keys(&all) {
		if k.Secret() {
			env = append(env, k.Names[0], secret)
		}
	}
	env = append([]string{
		"DATABASE_URL", "postgres://u:" + secret + "@h/d", "REDIS_URL", "redis://:" + secret + "@h",
		"GOOGLE_CLIENT_ID", "g", "LINKEDIN_CLIENT_ID", "l", "BREVO_SENDER_EMAIL", "a@b.test", "WHATSAPP_PHONE_ID", "7",
	}, env...)
	c, err := Load(from(env...))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("config", "key", c.Providers.DeepgramKey, "all", c)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("config", "key", c.Providers.DeepgramKey, "all", c)
	seen := map[string]string{"JSON": string(raw), "the log": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t"} {
		seen[verb] = fmt.Sprintf(verb, c) + fmt.Sprintf(verb, &c) + fmt.Sprintf(verb, c.Providers.DeepgramKey)
	}
	inHex := fmt.Sprintf("%x", secret)
	for name, text := range seen {
		if strings.Contains(text, secret) || strings.Contains(strings.ToLower(text), inHex) {
			t.Errorf("a secret shows in %s: %s", name, text)
		}
	}
	if !strings.Contains(string(raw), shown) || c.Providers.DeepgramKey.Reveal() != secret {
		t.Error("what is set is not told, or not there for who needs it")
	}
}

// FuzzLoad sets one key to anything: it is taken, or it is told by a fault that
// names a key and a fix and shows no secret.
func FuzzLoad(f *testing.F) {
	var cfg Config
	keys := Keys(&cfg)
	for i := range keys {
		f.Add(i, keys[i].Default)
	}
	f.Add(0, "production")
	f.Add(3, "http://u:p@[::1")
	f.Add(8, "postgres://%")
	f.Fuzz(func(t *testing.T, at int, value string) {
		key := keys[uint(at)%uint(len(keys))] //nolint:gosec // any number is an index
		_, err := Load(from(key.Names[0], value))
		if err == nil {
			return
		}
		if fault, ok := errors.AsType[*Fault](err); !ok || fault.Key == "" || fault.Fix == "" {
			t.Errorf("%s=%q: %v names no key or no fix", key.Names[0], value, err)
		}
		if secret := strings.TrimSpace(value); key.Secret() && len(secret) > 24 && strings.Contains(err.Error(), secret) {
			t.Errorf("%s shows its secret: %v", key.Names[0], err)
		}
	})
}
