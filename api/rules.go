package api

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/vantahire/vantahire/hiring"
)

// fieldRules are what a field's value must be, with the texts of contract section
// 1.3 for what is not.
type fieldRules struct {
	minLength, maxLength int      // characters; 0: no bound
	minimum, maximum     *float64 // nil: no bound
	pattern              *regexp.Regexp
	enum                 []string
	format               string
	kind                 string // as JSON calls it
}

// rulesOf reads a field's tags; it panics on those that make no sense.
func rulesOf(f reflect.StructField, kind reflect.Type, route string) fieldRules {
	r := fieldRules{format: f.Tag.Get("format"), kind: jsonKind(kind)}
	count := func(tag string) int {
		text, ok := f.Tag.Lookup(tag)
		if !ok {
			return 0
		}
		n, err := strconv.Atoi(text)
		if err != nil {
			panic(fmt.Sprintf("api: %s of %s in %s is %q", tag, f.Name, route, text))
		}
		return n
	}
	bound := func(tag string) *float64 {
		if _, ok := f.Tag.Lookup(tag); !ok {
			return nil
		}
		n := float64(count(tag))
		return &n
	}
	r.minLength, r.maxLength = count("minLength"), count("maxLength")
	r.minimum, r.maximum = bound("minimum"), bound("maximum")
	if p := f.Tag.Get("pattern"); p != "" {
		r.pattern = regexp.MustCompile(p)
	}
	if e := f.Tag.Get("enum"); e != "" {
		r.enum = strings.Split(e, ",")
	}
	switch r.format {
	case "", "email", "uuid", "uri", "date-time":
	case "hexcolor":
		r.pattern = hexColor
	default:
		panic(fmt.Sprintf("api: format %q of %s in %s is unknown", r.format, f.Name, route))
	}
	return r
}

// missing is the fault of a required field that was not given.
func (r *fieldRules) missing() string { return "Required" }

// text checks a string and names its first fault.
func (r *fieldRules) text(s string) string {
	n := utf8.RuneCountInString(s)
	switch {
	case len(r.enum) > 0 && !slices.Contains(r.enum, s):
		return fmt.Sprintf("Invalid enum value. Expected '%s', received '%s'", strings.Join(r.enum, "' | '"), clipped(s))
	case n < r.minLength:
		return fmt.Sprintf("String must contain at least %d character(s)", r.minLength)
	case r.maxLength > 0 && n > r.maxLength:
		return fmt.Sprintf("String must contain at most %d character(s)", r.maxLength)
	case r.pattern != nil && !r.pattern.MatchString(s):
		return "Invalid"
	}
	switch r.format {
	case "email":
		if !hiring.ValidEmail(s) {
			return "Invalid email"
		}
	case "uuid":
		if !uuidShape.MatchString(s) {
			return "Invalid uuid"
		}
	case "uri":
		if !validURL(s) {
			return "Invalid url"
		}
	}
	return ""
}

// number checks a number.
func (r *fieldRules) number(n float64) string {
	switch {
	case r.minimum != nil && n < *r.minimum:
		return fmt.Sprintf("Number must be greater than or equal to %g", *r.minimum)
	case r.maximum != nil && n > *r.maximum:
		return fmt.Sprintf("Number must be less than or equal to %g", *r.maximum)
	}
	return ""
}

// maxEcho bounds what of a wrong value is repeated in the answer.
const maxEcho = 100

func clipped(s string) string {
	if len(s) <= maxEcho {
		return s
	}
	return strings.ToValidUTF8(s[:maxEcho], "") + "..."
}

// maxURL is more than any browser keeps.
const maxURL = 2000

// validURL takes web addresses only: others (javascript:) would be links in a page.
func validURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= maxURL && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
