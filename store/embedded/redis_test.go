package embedded

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// silent drops what the client prints about servers that end: that is the test.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

func init() { redis.SetLogger(silent{}) }

func redisClient(t *testing.T, url string) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	c := redis.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestTheInProcessRedisLetsKeysExpire(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.Context(), RedisOptions{Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	c := redisClient(t, r.URL())
	if err := c.Set(t.Context(), "session:1", "x", time.Second).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if n, err := c.Exists(t.Context(), "session:1").Result(); err != nil || n != 0 {
			return "the end of the key"
		}
		return ""
	})
}

func TestTheInProcessRedisWantsItsPassword(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.Context(), RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Stop()
	if err := redisClient(t, "redis://"+r.server.Addr()).Ping(t.Context()).Err(); err == nil {
		t.Error("a stranger got in")
	}
}

func TestTheInProcessRedisEndsOnceAndForAll(t *testing.T) {
	t.Parallel()
	r, err := StartRedis(t.Context(), RedisOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := StartRedis(t.Context(), RedisOptions{Addr: r.server.Addr()}); err == nil {
		t.Error("two servers on one address")
	} else {
		wantWords(t, err.Error(), r.server.Addr(), "REDIS_URL")
	}
	c := redisClient(t, r.URL())
	r.Stop()
	r.Stop()
	if err := c.Ping(t.Context()).Err(); err == nil {
		t.Error("it answers after its end")
	}
}
