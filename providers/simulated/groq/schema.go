package groq

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
)

// deepest bounds how far a schema is followed; one that refers to itself ends
// there.
const deepest = 12

// loose finds what strict mode does not take: an object that allows more
// properties than it lists, or does not require all of them. "" = nothing.
func loose(schema map[string]any, where string, depth int) string {
	if depth > deepest {
		return ""
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		if more, ok := schema["additionalProperties"].(bool); !ok || more {
			return where + ": `additionalProperties:false` must be set on every object"
		}
		required, _ := schema["required"].([]any)
		for name, p := range properties {
			if !slices.Contains(required, any(name)) {
				return where + ": `required` must list every property, " + name + " is missing"
			}
			if inner, ok := p.(map[string]any); ok {
				if found := loose(inner, where+"."+name, depth+1); found != "" {
					return found
				}
			}
		}
	}
	if items, ok := schema["items"].(map[string]any); ok {
		return loose(items, where+"[]", depth+1)
	}
	return ""
}

// fit makes a value that satisfies a schema; the same seed gives the same value.
func fit(schema map[string]any, seed uint64) any {
	f := fitter{root: schema, left: mostValues, random: rand.New(rand.NewPCG(seed, 7))} //nolint:gosec // answers are no secret
	return f.value(schema, 0)
}

// mostValues bounds what one answer holds: lists of lists grow fast.
const mostValues = 2000

type fitter struct {
	root   map[string]any
	left   int // values
	random *rand.Rand
}

// sentences are what strings are filled with.
var sentences = []string{
	"The answer names one real situation.", "The answer stays general.", "The steps are told in order.", "The result is told with numbers.",
	"The candidate explains the choice.", "An example is missing.",
}

func (f *fitter) value(schema map[string]any, depth int) any {
	if f.left--; depth > deepest || f.left < 0 {
		return nil
	}
	if fixed, ok := schema["const"]; ok {
		return fixed
	}
	if options, ok := schema["enum"].([]any); ok && len(options) > 0 {
		return options[f.random.IntN(len(options))]
	}
	if ref, ok := schema["$ref"].(string); ok {
		return f.value(f.resolve(ref), depth+1)
	}
	for _, name := range []string{"anyOf", "oneOf", "allOf"} {
		if options, ok := schema[name].([]any); ok && len(options) > 0 {
			if first, ok := options[0].(map[string]any); ok {
				return f.value(first, depth+1)
			}
		}
	}
	switch kind(schema) {
	case "object":
		return f.object(schema, depth)
	case "array":
		return f.array(schema, depth)
	case "integer":
		least, most := bounds(schema, 0, 10)
		least, most = math.Ceil(least), math.Floor(most)
		return int64(least) + f.random.Int64N(max(1, int64(most-least)+1))
	case "number":
		least, most := bounds(schema, 0, 1)
		return math.Round((least+f.random.Float64()*(most-least))*100) / 100
	case "boolean":
		return f.random.IntN(2) == 1
	case "null":
		return nil
	}
	return f.text(schema)
}

// kind is the type of a schema; the first that is not null.
func kind(schema map[string]any) string {
	switch t := schema["type"].(type) {
	case string:
		return t
	case []any:
		for _, option := range t {
			if name, ok := option.(string); ok && name != "null" {
				return name
			}
		}
		return "null"
	}
	if schema["properties"] != nil {
		return "object"
	}
	if schema["items"] != nil {
		return "array"
	}
	return "string"
}

func (f *fitter) object(schema map[string]any, depth int) any {
	out := map[string]any{}
	properties, _ := schema["properties"].(map[string]any)
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	sort.Strings(names) // chance is drawn in a fixed order
	for _, name := range names {
		inner, _ := properties[name].(map[string]any)
		out[name] = f.value(inner, depth+1)
	}
	return out
}

// mostItems bounds an array whose schema asks for more than anybody reads.
const mostItems = 100

func (f *fitter) array(schema map[string]any, depth int) any {
	least, most := 1, 3
	if n, ok := schema["minItems"].(float64); ok {
		least = int(min(max(n, 0), mostItems))
		most = max(most, least)
	}
	if n, ok := schema["maxItems"].(float64); ok {
		most = max(min(most, int(max(n, 0))), 0)
		least = min(least, most)
	}
	inner, _ := schema["items"].(map[string]any)
	out := make([]any, least+f.random.IntN(most-least+1))
	for i := range out {
		out[i] = f.value(inner, depth+1)
	}
	return out
}

func (f *fitter) text(schema map[string]any) string {
	text := sentences[f.random.IntN(len(sentences))]
	if n, ok := schema["minLength"].(float64); ok {
		for len(text) < int(min(n, 10_000)) {
			text += " " + sentences[f.random.IntN(len(sentences))]
		}
	}
	if n, ok := schema["maxLength"].(float64); ok && len(text) > int(max(n, 0)) {
		text = text[:int(max(n, 0))] // the sentences are ASCII
	}
	return text
}

func bounds(schema map[string]any, least, most float64) (float64, float64) {
	const far = 1e9
	if n, ok := schema["minimum"].(float64); ok {
		most += n - least
		least = n
	}
	if n, ok := schema["maximum"].(float64); ok {
		most = n
		least = min(least, most)
	}
	return max(least, -far), min(max(most, -far), far)
}

// resolve follows a reference within the schema.
func (f *fitter) resolve(ref string) map[string]any {
	at := f.root
	for _, name := range strings.Split(strings.TrimPrefix(ref, "#"), "/") {
		if name == "" {
			continue
		}
		next, ok := at[name].(map[string]any)
		if !ok {
			return nil
		}
		at = next
	}
	return at
}
