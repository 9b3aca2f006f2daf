package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Redis calls are short or fail: no request and no call may hang on it.
const (
	redisDialLimit = 2 * time.Second
	redisCallLimit = time.Second
	redisPingLimit = time.Second
)

// NewRedis makes a client for a redis:// or rediss:// URL. It does not connect:
// the program runs on without Redis. The caller closes it.
func NewRedis(url string) (*redis.Client, error) {
	o, err := redis.ParseURL(url)
	if err != nil {
		// Without the cause: it may repeat the URL, and that holds the password.
		return nil, errors.New("REDIS_URL is not a valid Redis URL; use one like redis://:password@host:6379/0")
	}
	o.ClientName = "vantahire"
	o.DialTimeout = redisDialLimit
	o.ReadTimeout = redisCallLimit
	o.WriteTimeout = redisCallLimit
	o.ContextTimeoutEnabled = true
	// Both are asked for on every new connection and unknown to Redis 7.0.
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// PingRedis reports within a second whether Redis answers, for /health.
func PingRedis(ctx context.Context, client *redis.Client) error {
	ctx, cancel := context.WithTimeout(ctx, redisPingLimit)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return fmt.Errorf("ping redis: %w", err)
	}
	return nil
}

// quiet keeps the client's own log lines off standard error: each failed call
// returns its error, and whoever made it reports it.
type quiet struct{}

// Printf drops the line.
func (quiet) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(quiet{}) }
