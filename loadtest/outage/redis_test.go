package outage

import (
	"net/http"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/vantahire/vantahire/store/testdb"
)

// No call needs Redis. It is away for a while, and nothing happens to any.
func TestCallsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	url := testdb.Redis(t)
	h := open(t, map[string]string{"REDIS_URL": url})
	s := h.serve(nil)
	p := h.invite(s, *calls, nil)
	p.talking(make([]int, *calls), 2)
	options, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer func() { _ = client.Close() }()
	if err := client.Do(t.Context(), "CLIENT", "PAUSE", outage.Milliseconds()+2000, "ALL").Err(); err != nil {
		t.Fatal(err)
	}
	if status, body, _ := s.Get(t.Context(), "/health"); status != http.StatusInternalServerError {
		t.Errorf("without Redis /health answers %d %s", status, body)
	}
	before := p.told()
	during(*outage)
	p.talking(p.each(), 1)
	answered := p.told() - before
	if n := len(p.absences()); n > 0 {
		t.Errorf("%d connections were lost", n)
	}
	found := p.verify()
	for _, c := range p.candidates {
		for _, call := range c.Calls() {
			if fences := h.fences(call.Interview); fences != 1 {
				t.Errorf("interview %s had %d writers", call.Interview, fences)
			}
		}
	}
	h.figure("Redis away for %s under %d calls: %d lines acknowledged meanwhile, one writer each; %s", *outage, *calls, answered, found)
}
