package embedded

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// redisTick is how often keys age: miniredis does not run their time down by
// itself.
const redisTick = time.Second

// RedisOptions says how to run the in-process Redis.
type RedisOptions struct {
	// Addr is the TCP address to listen on. Empty means a free port of 127.0.0.1.
	Addr string
	// Logger gets the life of the server. Nil drops it.
	Logger *slog.Logger
}

// Redis is a running in-process Redis. It keeps everything in memory and forgets
// it at the end. Stop it.
type Redis struct {
	server   *miniredis.Miniredis
	password string
	cancel   context.CancelFunc
	once     sync.Once
	aged     chan struct{} // closed when the ageing goroutine has ended
}

// StartRedis runs an in-process Redis with a random password: other users of the
// machine can connect to a loopback port. It runs until Stop; when ctx ends
// first, keys stop ageing.
func StartRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	r := &Redis{server: miniredis.NewMiniRedis(), password: rand.Text(), aged: make(chan struct{})}
	r.server.RequireAuth(r.password)
	if err := r.server.StartAddr(addr); err != nil {
		return nil, fmt.Errorf("start an in-process redis on %s: %w: choose another address, or set REDIS_URL to a Redis of your own", addr, err)
	}
	ctx, r.cancel = context.WithCancel(ctx)
	go r.age(ctx)
	if o.Logger != nil {
		o.Logger.Info("in-process redis is up", "addr", r.server.Addr())
	}
	return r, nil
}

// URL is the address for a Redis client, password included.
func (r *Redis) URL() string {
	u := url.URL{Scheme: "redis", User: url.UserPassword("", r.password), Host: r.server.Addr(), Path: "/0"}
	return u.String()
}

// Stop ends the server and its connections and waits for them. Further calls do
// nothing.
func (r *Redis) Stop() {
	r.once.Do(func() {
		r.cancel()
		<-r.aged
		r.server.Close()
	})
}

// age moves the time of the keys on by what has passed.
func (r *Redis) age(ctx context.Context) {
	defer close(r.aged)
	tick := time.NewTicker(redisTick)
	defer tick.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}
