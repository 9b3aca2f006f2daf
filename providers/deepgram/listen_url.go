package deepgram

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/vantahire/vantahire/providers"
)

const (
	// maxKeytermTokens is below the server's limit of 500, because its tokens can
	// only be guessed here and a list over the limit refuses the whole connection.
	maxKeytermTokens = 400
	// maxKeyterms is what the documentation gives as the practical limit.
	maxKeyterms = 100
	// maxKeyterm is the longest term, in bytes: names are shorter, sentences don't
	// help recognition.
	maxKeyterm = 80
	// maxListenURL bounds the URL as a whole: proxies refuse longer ones.
	maxListenURL = 7000
)

// url is what to dial.
func (c *ListenConfig) url(o providers.TranscribeOptions) (string, error) {
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" {
		return "", fmt.Errorf("%w: the base URL of recognition is no URL", providers.ErrUnavailable)
	}
	if strings.HasPrefix(c.Model, "flux") {
		return "", fmt.Errorf("%w: model %s speaks another protocol than /v1/listen", providers.ErrUnavailable, c.Model)
	}
	u = u.JoinPath("v1", "listen")
	language := o.Language
	if language == "" {
		language = "en-US"
	}
	q := url.Values{
		"model": {c.Model}, "language": {language},
		"encoding": {"linear16"}, "sample_rate": {strconv.Itoa(listenRate)}, "channels": {"1"},
		"interim_results": {"true"}, "vad_events": {"true"}, "punctuate": {"true"},
	}
	q.Set("endpointing", "false")
	if c.Endpointing > 0 {
		q.Set("endpointing", milliseconds(c.Endpointing))
	}
	if c.UtteranceEnd > 0 {
		q.Set("utterance_end_ms", milliseconds(max(c.UtteranceEnd, time.Second)))
	}
	if c.SmartFormat {
		q.Set("smart_format", "true")
		q.Set("no_delay", "true")
	}
	if c.OptOut {
		q.Set("mip_opt_out", "true")
	}
	if strings.HasPrefix(c.Model, "nova-3") { // the only ones that know key terms
		for _, term := range keyterms(o.Terms) {
			q.Add("keyterm", term)
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// keyterms takes as many terms as the server accepts, the first ones first, each
// once.
func keyterms(terms []string) []string {
	var taken []string
	seen := map[string]bool{}
	tokens, length := 0, 0
	for _, term := range terms {
		term = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(term, ""), func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
		low := strings.ToLower(term)
		if term == "" || len(term) > maxKeyterm || seen[low] {
			continue
		}
		n, escaped := keytermTokens(term), len("&keyterm=")+len(url.QueryEscape(term))
		if len(taken) == maxKeyterms || tokens+n > maxKeytermTokens || length+escaped > maxListenURL {
			break
		}
		seen[low] = true
		taken = append(taken, term)
		tokens, length = tokens+n, length+escaped
	}
	return taken
}

// keytermTokens guesses high: a token for each three characters of a word, and
// for each character outside ASCII.
func keytermTokens(term string) int {
	n := 0
	for word := range strings.FieldsSeq(term) {
		wide := 0
		for _, r := range word {
			if r >= utf8.RuneSelf {
				wide++
			}
		}
		n += wide + (utf8.RuneCountInString(word)-wide+2)/3
	}
	return n
}
