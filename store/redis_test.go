package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/vantahire/vantahire/store"
	"github.com/vantahire/vantahire/store/testdb"
)

func TestRedisAnswersThePing(t *testing.T) {
	t.Parallel()
	testdb.EachRedis(t, func(t *testing.T, url string) {
		client, err := store.NewRedis(url)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		if err := store.PingRedis(t.Context(), client); err != nil {
			t.Error(err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := store.PingRedis(gone, client); err == nil {
			t.Error("a ping nobody waits for succeeded")
		}
	})
}

func TestARedisThatIsAwayIsNoReasonNotToStart(t *testing.T) {
	t.Parallel()
	client, err := store.NewRedis("redis://127.0.0.1:1/0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	if err := store.PingRedis(t.Context(), client); err == nil {
		t.Error("nobody answers, and the ping succeeds")
	}
}

func TestAWrongRedisURLIsToldWithoutItsPassword(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "http://:sesame@host", "redis://:sesame@host:port", "redis://:sesame@host/notanumber", "redis://:ses%zzame@h"} {
		_, err := store.NewRedis(url)
		if err == nil || !strings.Contains(err.Error(), "REDIS_URL") || strings.Contains(err.Error(), "ses") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
