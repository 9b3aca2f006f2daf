package testdb

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/vantahire/vantahire/store/embedded"
	"github.com/vantahire/vantahire/store/internal/child"
)

const (
	// redisTries bounds the attempts to find a port: another process may take it
	// between our look and the server's.
	redisTries = 5
	redisLimit = 20 * time.Second
	redisPoll  = 10 * time.Millisecond
)

// Redis returns the URL of an empty Redis that ends with the test: a real server
// when redis-server is installed, the in-process one otherwise.
func Redis(t testing.TB) string {
	t.Helper()
	if found, ok := findRedis(); ok {
		return realRedis(t, found)
	}
	return miniRedis(t)
}

// program is an installed redis-server.
type program struct {
	path string
	env  []string
}

// findRedis looks in PATH and where scripts/install-redis.sh unpacks it for users
// who may not install packages.
func findRedis() (program, bool) {
	if path, err := exec.LookPath("redis-server"); err == nil {
		return program{path: path}, true
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return program{}, false
	}
	root := filepath.Join(cache, "vantahire", "deb", "usr")
	path, err := exec.LookPath(filepath.Join(root, "bin", "redis-server"))
	if err != nil {
		return program{}, false
	}
	libraries, _ := filepath.Glob(filepath.Join(root, "lib", "*-linux-gnu")) // the pattern is well formed
	return program{path: path, env: []string{"LD_LIBRARY_PATH=" + strings.Join(libraries, ":")}}, true
}

// EachRedis runs a test on the in-process Redis and, where redis-server is
// installed, on a real one: what passes on one only is not to be relied on.
func EachRedis(t *testing.T, test func(t *testing.T, url string)) {
	t.Helper()
	t.Run("in-process", func(t *testing.T) {
		t.Parallel()
		test(t, miniRedis(t))
	})
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		found, ok := findRedis()
		if !ok {
			t.Skip("redis-server is not installed; scripts/install-redis.sh brings it")
		}
		test(t, realRedis(t, found))
	})
}

func miniRedis(t testing.TB) string {
	t.Helper()
	r, err := embedded.StartRedis(context.Background(), embedded.RedisOptions{})
	if err != nil {
		t.Fatalf("test redis: %v", err)
	}
	t.Cleanup(r.Stop)
	return r.URL()
}

func realRedis(t testing.TB, server program) string {
	t.Helper()
	for range redisTries {
		port, err := freePort()
		if err != nil {
			t.Fatalf("test redis: %v", err)
		}
		p, err := child.Start(child.Spec{Path: server.path, Env: server.env, Dir: t.TempDir(), Args: []string{
			"--bind", "127.0.0.1", "--port", strconv.Itoa(port), "--save", "", "--appendonly", "no", "--daemonize", "no",
		}})
		if err != nil {
			t.Fatalf("test redis: %v", err)
		}
		url := fmt.Sprintf("redis://127.0.0.1:%d/0", port)
		if err := waitRedis(p, url); err != nil {
			t.Logf("test redis on port %d: %v; trying another: %s", port, err, p.Output())
			endRedis(p)
			continue
		}
		t.Cleanup(func() { endRedis(p) })
		return url
	}
	t.Fatal("test redis: no port to be had")
	return ""
}

// endRedis kills the server: it has nothing to save.
func endRedis(p *child.Process) {
	_ = p.Signal(os.Kill)
	<-p.Done()
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// waitRedis waits until the process answers at the address: this process, since
// another server on the port would have another pid.
func waitRedis(p *child.Process, url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), redisLimit)
	defer cancel()
	o, err := redis.ParseURL(url)
	if err != nil {
		return err
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	client := redis.NewClient(o)
	defer func() { _ = client.Close() }()
	for {
		if got := client.InfoMap(ctx, "server").Item("Server", "process_id"); got == strconv.Itoa(p.PID()) {
			return nil
		}
		select {
		case <-p.Done():
			return fmt.Errorf("redis-server ended: %w", p.Err())
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(redisPoll):
		}
	}
}
