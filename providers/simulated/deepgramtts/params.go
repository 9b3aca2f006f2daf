package deepgramtts

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
)

// voiceName is the pattern of voices; new ones are added often.
var voiceName = regexp.MustCompile(`^aura(-2)?-[a-z]+-[a-z]{2}$`)

// params are fixed for the life of a socket or a request.
type params struct {
	model, encoding, container string
	rate                       int
	speed                      float64
}

// family is an encoding with what it can be combined with.
type family struct {
	rates       []int // the first is the default
	containers  []string
	contentType func(p params) string
	socket      bool // the WebSocket has it too
}

func always(s string) func(params) string { return func(params) string { return s } }

// bare is a raw encoding's content type, or that of a WAV file.
func bare(name string) func(params) string {
	return func(p params) string {
		if p.container == "wav" {
			return "audio/wav"
		}
		return fmt.Sprintf("audio/%s;rate=%d", name, p.rate)
	}
}

var families = map[string]family{
	"linear16": {[]int{24000, 8000, 16000, 32000, 48000}, []string{"wav", "none"}, bare("l16"), true},
	"mulaw":    {[]int{8000, 16000}, []string{"wav", "none"}, bare("mulaw"), true},
	"alaw":     {[]int{8000, 16000}, []string{"wav", "none"}, bare("alaw"), true},
	"mp3":      {[]int{22050}, nil, always("audio/mpeg"), false},
	"opus":     {[]int{48000}, []string{"ogg"}, always("audio/ogg;codecs=opus"), false},
	"flac":     {[]int{24000, 8000, 16000, 22050, 32000, 48000}, nil, always("audio/flac"), false},
	"aac":      {[]int{22050}, nil, always("audio/aac"), false},
}

// parse reads a query; a refusal says what is wrong.
func parse(q url.Values, socket bool) (params, *refusal) {
	bad := func(what string) (params, *refusal) {
		return params{}, &refusal{status: http.StatusBadRequest, code: "INVALID_QUERY_PARAMETER", message: "Failed to deserialize query parameters: " + what}
	}
	p := params{model: q.Get("model"), encoding: q.Get("encoding"), container: q.Get("container"), speed: 1}
	if p.model == "" {
		p.model = "aura-asteria-en"
	}
	if !voiceName.MatchString(p.model) {
		return params{}, &refusal{status: http.StatusBadRequest, code: "Bad Request", message: "Bad Request: No such model/version combination found."}
	}
	if p.encoding == "" {
		p.encoding = "mp3"
		if socket {
			p.encoding = "linear16"
		}
	}
	f, known := families[p.encoding]
	if !known || (socket && !f.socket) {
		return bad("encoding: unknown variant")
	}
	if socket && (q.Has("container") || q.Has("bit_rate")) {
		return bad("container and bit_rate are not known here")
	}
	if p.container == "" && len(f.containers) > 0 {
		p.container = f.containers[0]
	} else if p.container != "" && !slices.Contains(f.containers, p.container) {
		return bad("container does not fit the encoding")
	}
	p.rate = f.rates[0]
	if s := q.Get("sample_rate"); s != "" {
		rate, err := strconv.Atoi(s)
		if err != nil || !slices.Contains(f.rates, rate) {
			return bad("sample_rate does not fit the encoding")
		}
		p.rate = rate
	}
	if s := q.Get("speed"); s != "" {
		speed, err := strconv.ParseFloat(s, 64)
		if err != nil || !(speed >= 0.5 && speed <= 2) {
			return bad("speed is out of bounds")
		}
		p.speed = speed
	}
	if s := q.Get("mip_opt_out"); s != "" && s != "true" && s != "false" {
		return bad("mip_opt_out: expected a boolean")
	}
	return p, nil
}
