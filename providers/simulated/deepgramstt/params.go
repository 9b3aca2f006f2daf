package deepgramstt

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	// maxTokens and maxTerms bound key terms.
	maxTokens = 500
	maxTerms  = 100
)

// params are what a handshake asks for.
type params struct {
	flux     bool
	model    string
	language string
	encoding string // "": a container, which this server can't decode
	rate     int
	channels int

	interims     bool
	endpointing  time.Duration // below 0: none
	utteranceEnd time.Duration // 0: none
	vad          bool
	punctuate    bool

	eot, eager float64 // eager 0: none
	eotTimeout time.Duration
}

// admit decides about a handshake.
func (s *Server) admit(r *http.Request, f Fault) (params, *refusal) {
	if f.Status != 0 {
		wrong := scripted(f)
		return params{}, &wrong
	}
	flux := r.URL.Path == "/v2/listen"
	if !flux && r.URL.Path != "/v1/listen" {
		return params{}, &notFound
	}
	key, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Token ")
	if !ok || key == "" || len(s.cfg.Keys) > 0 && !slices.Contains(s.cfg.Keys, key) {
		return params{}, &badKey
	}
	if !websocket.IsWebSocketUpgrade(r) {
		return params{}, &noUpgrade
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return params{}, badQuery("Invalid query string.")
	}
	p := params{flux: flux, model: q.Get("model"), language: q.Get("language")}
	wrong := p.audio(q)
	if wrong == nil {
		wrong = keyterms(q)
	}
	if wrong == nil && flux {
		wrong = p.readFlux(q)
	} else if wrong == nil {
		wrong = p.readNova(q)
	}
	if wrong != nil {
		return p, wrong
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open > s.cfg.Connections {
		return p, &tooMany
	}
	return p, nil
}

// scripted is the refusal a fault asks for.
func scripted(f Fault) refusal {
	r := refusal{status: f.Status, code: f.Code, message: f.Message}
	for _, known := range []refusal{badKey, tooMany, notFound} {
		if known.status == f.Status && r.code == "" {
			r = known
		}
	}
	if r.code == "" {
		r.code = strings.ToUpper(strings.ReplaceAll(http.StatusText(f.Status), " ", "_"))
	}
	if r.message == "" {
		r.message = http.StatusText(f.Status)
	}
	if f.RetryAfter > 0 {
		r.retryAfter = strconv.FormatFloat(f.RetryAfter.Seconds(), 'f', -1, 64)
	}
	return r
}

// audio reads how the sound is coded.
func (p *params) audio(q url.Values) *refusal {
	p.encoding, p.channels = q.Get("encoding"), 1
	known := []string{"linear16", "linear32", "flac", "alaw", "mulaw", "amr-nb", "amr-wb", "opus", "ogg-opus", "speex", "g729"}
	if p.encoding != "" && !slices.Contains(known, p.encoding) {
		return badQuery("Invalid encoding.")
	}
	rate := q.Get("sample_rate")
	if (p.encoding == "") != (rate == "") {
		return badQuery("Both encoding and sample_rate are required for raw audio.")
	}
	if rate != "" {
		n, err := strconv.Atoi(rate)
		if err != nil || n < 8000 || n > 48000 {
			return badQuery("Invalid sample_rate.")
		}
		p.rate = n
	}
	if v := q.Get("channels"); v != "" {
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 || n > 8 || p.flux && n != 1 {
			return badQuery("Invalid channels.")
		}
		p.channels = n
	}
	return nil
}

// keyterms refuses lists beyond the limit.
func keyterms(q url.Values) *refusal {
	if len(q["keyterm"]) > maxTerms || tokens(q["keyterm"]) > maxTokens {
		return badQuery("Keyterm limit exceeded. The maximum number of tokens across all keyterms is 500.")
	}
	return nil
}

// tokens guesses: one for each four letters of a word.
func tokens(terms []string) (n int) {
	for _, term := range terms {
		for word := range strings.FieldsSeq(term) {
			n += (len(word) + 3) / 4
		}
	}
	return n
}

func (p *params) readNova(q url.Values) *refusal {
	switch family, _, _ := strings.Cut(p.model, "-"); {
	case family == "flux":
		return badQuery("Flux models are available on /v2/listen.")
	case !slices.Contains([]string{"nova", "enhanced", "base"}, family), strings.HasPrefix(p.model, "nova-") && !strings.HasPrefix(p.model, "nova-2") && !strings.HasPrefix(p.model, "nova-3"):
		return badQuery("No such model/language/tier combination found.")
	}
	nova3 := strings.HasPrefix(p.model, "nova-3")
	if q.Has("keyterm") && !nova3 {
		return badQuery("Keyterms are supported with Nova-3 only.")
	}
	if q.Has("keywords") && nova3 {
		return badQuery("Keywords are not supported with Nova-3. Use keyterm.")
	}
	var smart bool
	for name, to := range map[string]*bool{"interim_results": &p.interims, "vad_events": &p.vad, "punctuate": &p.punctuate, "smart_format": &smart, "no_delay": new(bool), "mip_opt_out": new(bool)} {
		switch q.Get(name) {
		case "", "false":
		case "true":
			*to = true
		default:
			return badQuery("Invalid " + name + ".")
		}
	}
	p.punctuate = p.punctuate || smart
	p.endpointing = 10 * time.Millisecond
	switch v := q.Get("endpointing"); v {
	case "", "true":
	case "false":
		p.endpointing = -1
	default:
		ms, err := strconv.Atoi(v)
		if err != nil || ms < 0 || ms > 60_000 {
			return badQuery("Invalid endpointing.")
		}
		p.endpointing = time.Duration(ms) * time.Millisecond
	}
	if v := q.Get("utterance_end_ms"); v != "" {
		ms, err := strconv.Atoi(v)
		if err != nil || ms <= 0 || ms > 60_000 || !p.interims {
			return badQuery("Invalid utterance_end_ms: it needs interim_results.")
		}
		p.utteranceEnd = time.Duration(ms) * time.Millisecond
	}
	return nil
}

func (p *params) readFlux(q url.Values) *refusal {
	if p.model != "flux-general-en" && p.model != "flux-general-multi" {
		return badQuery("Model is not available on /v2/listen.")
	}
	for _, name := range []string{"interim_results", "endpointing", "utterance_end_ms", "vad_events", "smart_format", "punctuate", "diarize"} {
		if q.Has(name) {
			return badQuery(name + " is not supported by Flux.")
		}
	}
	if q.Has("language_hint") && p.model != "flux-general-multi" {
		return badQuery("language_hint is supported by flux-general-multi only.")
	}
	p.punctuate = true
	t := thresholds{}
	for name, to := range map[string]**float64{"eot_threshold": &t.EOT, "eager_eot_threshold": &t.Eager, "eot_timeout_ms": &t.Timeout} {
		if v := q.Get(name); v != "" {
			x, err := strconv.ParseFloat(v, 64)
			if err != nil {
				return badQuery("Invalid " + name + ".")
			}
			*to = &x
		}
	}
	p.eot, p.eotTimeout = .7, 5*time.Second
	if wrong := p.set(t); wrong != "" {
		return badQuery(wrong)
	}
	return nil
}

// thresholds are those of Flux; nil keeps a value.
type thresholds struct {
	EOT     *float64 `json:"eot_threshold,omitempty"`
	Eager   *float64 `json:"eager_eot_threshold,omitempty"`
	Timeout *float64 `json:"eot_timeout_ms,omitempty"`
}

// set takes over thresholds, all or, with what is wrong, none.
func (p *params) set(t thresholds) (wrong string) {
	eot, eager, timeout := p.eot, p.eager, p.eotTimeout
	if t.EOT != nil {
		if eot = *t.EOT; !(eot >= .5 && eot <= .9) && eot != 1 {
			return "eot_threshold must be between 0.5 and 0.9, or 1.0."
		}
	}
	if t.Eager != nil {
		if eager = *t.Eager; !(eager >= .3 && eager <= .9) {
			return "eager_eot_threshold must be between 0.3 and 0.9."
		}
	}
	if eager > eot {
		return "eager_eot_threshold must not exceed eot_threshold."
	}
	if t.Timeout != nil {
		if !(*t.Timeout >= 500 && *t.Timeout <= 60_000) {
			return "eot_timeout_ms must be between 500 and 60000."
		}
		timeout = time.Duration(*t.Timeout * float64(time.Millisecond))
	}
	p.eot, p.eager, p.eotTimeout = eot, eager, timeout
	return ""
}
