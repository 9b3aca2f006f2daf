package chat

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/vantahire/vantahire/providers/simulated/groq"
)

// overHTTP2 gives a client of a server that speaks HTTP/2, as the clouds do.
func overHTTP2(t *testing.T) (*Client, *groq.Server, *sync.Map) {
	t.Helper()
	server := groq.New(quick())
	protocols := &sync.Map{}
	socket := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		protocols.Store(r.Proto, r.RemoteAddr)
		server.ServeHTTP(w, r)
	}))
	socket.EnableHTTP2 = true
	socket.StartTLS()
	p := Groq(testKey)
	p.BaseURL = socket.URL + "/openai/v1"
	c := patientTests(p, Options{})
	roots := socket.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c.own.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	t.Cleanup(func() {
		c.Close()
		socket.CloseClientConnections()
		socket.Close()
	})
	return c, server, protocols
}

func TestRepliesOverHTTP2(t *testing.T) {
	t.Parallel()
	c, server, protocols := overHTTP2(t)
	for range 3 {
		text, _, err := hear(t, c, conversation())
		whole(t, text, err)
	}
	if _, spoken := protocols.Load("HTTP/2.0"); !spoken {
		t.Error("HTTP/2 was not spoken")
	}
	server.Faults.Next(groq.Fault{After: 3, Break: groq.Drop})
	text, _, err := hear(t, c, conversation())
	var broken *BrokenOff
	if !errors.As(err, &broken) || !errors.Is(err, ErrTruncated) || text == "" {
		t.Errorf("%q, then %v", text, err)
	}
	server.Faults.Next(groq.Fault{Reset: true})
	text, _, err = hear(t, c, conversation())
	whole(t, text, err)
	if n := c.Stats().Reconnected; n != 1 {
		t.Errorf("%d new connections for a dead one", n)
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	leaked := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked = true }))
	moved := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	p := Groq(testKey)
	p.BaseURL = moved.URL
	c := New(p, Options{})
	t.Cleanup(func() { c.Close(); moved.Close(); other.Close() })
	if _, _, err := hear(t, c, conversation()); failure(t, err) == nil || leaked {
		t.Errorf("the key went elsewhere: %v", err)
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	p := Groq(testKey)
	p.BaseURL = gone.URL
	c := New(p, Options{})
	defer c.Close()
	if _, _, err := hear(t, c, conversation()); !failure(t, err).Retry {
		t.Errorf("the error is %v", err)
	}
	if err := c.Probe(t.Context()); !failure(t, err).Retry {
		t.Errorf("the probe says %v", err)
	}
	p.BaseURL = "http://bad host"
	if err := New(p, Options{}).Probe(t.Context()); failure(t, err).Retry {
		t.Errorf("the probe says %v", err)
	}
}
