package outage

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

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
	info, err := client.Info(t.Context(), "server").Result()
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found1 := strings.Cut(info, "process_id:")
	pid, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest+"\n", "\n", 2)[0]))
	if err != nil || !found1 || pid == os.Getpid() {
		t.Fatalf("a real Redis is needed here; make test-setup brings it: %v", err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGCONT) })
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
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	h.until(time.Minute, "the server is healthy again", func() bool { status, _, _ := s.Get(t.Context(), "/health"); return status == http.StatusOK })
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
