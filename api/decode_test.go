package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// everything has a field of each kind that routes declare.
type everything struct {
	ID     string           `path:"id"`
	Page   int              `query:"n" minimum:"1"`
	Kind   string           `query:"kind" enum:"A,B"`
	Since  *time.Time       `query:"since"`
	Title  string           `json:"title" minLength:"1" maxLength:"5"`
	Email  *string          `json:"email" format:"email"`
	File   *string          `json:"file" format:"uuid"`
	Site   Nullable[string] `json:"site" format:"uri"`
	Colour *string          `json:"colour" format:"hexcolor"`
	Until  *time.Time       `json:"until"`
	Count  *int             `json:"count" minimum:"5" maximum:"120"`
	Share  *float64         `json:"share"`
	Sure   *bool            `json:"sure"`
	Status *string          `json:"status" enum:"A,B"`
	Names  *[]string        `json:"names" maxLength:"3"`
	Role   *string          `json:"role" enum:"A" fault:"Invalid role"`
}

// The table of contract section 1.3.
func TestFaultsAreNamedAsInTheContract(t *testing.T) {
	t.Parallel()
	var got everything
	d := route(http.MethodPost, "/things/:id", accessPublic, http.StatusOK, "", func(_ context.Context, r request[everything]) (okBody, error) {
		got = r.In
		return okBody{true}, nil
	})
	s := &Server{cfg: Config{}}
	app := fiber.New(fiber.Config{Immutable: true, ErrorHandler: s.handleError})
	app.Post(d.path, d.handle)
	bridge := newBridge(app, jsonLimit)
	do := func(query, body string) string {
		return recorded(t, bridge, "POST", "/things/7"+query, body)
	}
	for body, want := range map[string]string{
		`{}`:                                 `"title":["Required"]`,
		`{"title":null}`:                     `"title":["Expected string, received null"]`,
		`{"title":5}`:                        `"title":["Expected string, received number"]`,
		`{"title":[]}`:                       `"title":["Expected string, received array"]`,
		`{"title":{}}`:                       `"title":["Expected string, received object"]`,
		`{"title":true}`:                     `"title":["Expected string, received boolean"]`,
		`{"title":""}`:                       `"title":["String must contain at least 1 character(s)"]`,
		`{"title":"äöüßäö"}`:                 `"title":["String must contain at most 5 character(s)"]`,
		`{"title":"a","email":"b"}`:          `"email":["Invalid email"]`,
		`{"title":"a","email":null}`:         `"email":["Expected string, received null"]`,
		`{"title":"a","file":"b"}`:           `"file":["Invalid uuid"]`,
		`{"title":"a","site":"b"}`:           `"site":["Invalid url"]`,
		`{"title":"a","colour":"red"}`:       `"colour":["Invalid"]`,
		`{"title":"a","until":"2026-01-01"}`: `"until":["Invalid datetime"]`,
		`{"title":"a","until":"2026-01-01T00:00:00+01:00"}`: `"until":["Invalid datetime"]`,
		`{"title":"a","count":4}`:                           `"count":["Number must be greater than or equal to 5"]`,
		`{"title":"a","count":121}`:                         `"count":["Number must be less than or equal to 120"]`,
		`{"title":"a","count":5.5}`:                         `"count":["Expected integer, received float"]`,
		`{"title":"a","count":1e999}`:                       `"count":["Invalid"]`,
		`{"title":"a","count":"5"}`:                         `"count":["Expected number, received string"]`,
		`{"title":"a","sure":"yes"}`:                        `"sure":["Expected boolean, received string"]`,
		`{"title":"a","status":"C"}`:                        `"status":["Invalid enum value. Expected 'A' | 'B', received 'C'"]`,
		`{"title":"a","status":1}`:                          `"status":["Expected 'A' | 'B', received number"]`,
		`{"title":"a","names":"b"}`:                         `"names":["Expected array, received string"]`,
		`{"title":"a","names":[1]}`:                         `"names":["Expected string, received number"]`,
		`{"title":"a","names":["bcde"]}`:                    `"names":["String must contain at most 3 character(s)"]`,
		`{"title":"a\u0000"}`:                               `"title":["Invalid"]`,
		`{"title":"a","role":"B"}`:                          `{"error":"Invalid role"}`,
		`{"title":"a","role":null}`:                         `{"error":"Invalid role"}`,
		`[]`:                                                `"formErrors":["Expected object, received array"]`,
		`"x"`:                                               `"formErrors":["Expected object, received string"]`,
		`null`:                                              `"formErrors":["Expected object, received null"]`,
		`{`:                                                 `{"error":"Invalid JSON"}`,
		``:                                                  `{"error":"Invalid JSON"}`,
		"{\"title\":\"\xff\"}":                              `{"error":"Invalid JSON"}`,
	} {
		if answer := do("", body); !strings.HasPrefix(answer, "400 ") || !strings.Contains(answer, want) {
			t.Errorf("%s: %s, want %s", body, answer, want)
		}
	}
	for query, want := range map[string]string{"?kind=C": `"kind":["Invalid enum value. Expected 'A' | 'B', received 'C'"]`, "?since=yesterday": `"since":["Invalid datetime"]`, "?n=0": `"n":["Number must be`, "?kind=%00": `"kind":["Invalid"]`} {
		if answer := do(query, `{"title":"a"}`); !strings.HasPrefix(answer, "400 ") || !strings.Contains(answer, want) {
			t.Errorf("%s: %s, want %s", query, answer, want)
		}
	}
	both := do("", `{"count":1,"email":"x"}`)
	for _, part := range []string{`"title":["Required"]`, `"count":[`, `"email":[`, `"formErrors":[]`} {
		if !strings.Contains(both, part) {
			t.Errorf("all faults at once: %s lacks %s", both, part)
		}
	}
	if answer := do("?n=3&kind=B&since=2026-01-01T00:00:00Z", `{"title":"a","site":null,"count":7,"share":0.5,"sure":true,"names":["b"],"until":"2026-01-01T00:00:00.5Z","unknown":{}}`); !strings.HasPrefix(answer, "200 ") {
		t.Fatal(answer)
	}
	if got.ID != "7" || got.Page != 3 || got.Kind != "B" || !got.Site.Set || got.Site.Value != nil || *got.Count != 7 || *got.Share != 0.5 || !*got.Sure || (*got.Names)[0] != "b" || got.Email != nil {
		t.Errorf("read: %+v", got)
	}
}

func FuzzDecode(f *testing.F) {
	for _, body := range []string{`{}`, `{"title":"a","count":5}`, `[]`, "{\"title\":\"\xff\"}", `{"names":[null]}`} {
		f.Add(body, "n=1")
	}
	d := route(http.MethodPost, "/things/:id", accessPublic, http.StatusOK, "", func(context.Context, request[everything]) (okBody, error) { return okBody{true}, nil })
	s := &Server{cfg: Config{}}
	app := fiber.New(fiber.Config{Immutable: true, ErrorHandler: s.handleError})
	app.Post(d.path, d.handle)
	bridge := newBridge(app, jsonLimit)
	f.Fuzz(func(t *testing.T, body, query string) {
		if strings.ContainsAny(query, " \r\n#") {
			return
		}
		if answer := recorded(t, bridge, "POST", "/things/7?"+strings.ToValidUTF8(query, ""), body); !strings.HasPrefix(answer, "200 ") && !strings.HasPrefix(answer, "400 ") {
			t.Errorf("%q: %s", body, answer)
		}
	})
}
