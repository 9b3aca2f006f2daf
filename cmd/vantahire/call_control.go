package main

import (
	"bufio"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	// controlEvery is how often the control asks while calls are held.
	controlEvery = 200 * time.Millisecond
	// controlBody asks a simulated model for one word.
	controlBody = `{"model":"openai/gpt-oss-20b","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hello."}]}`
)

// watchControl asks the simulated model directly, without a server between, while
// calls runs: what it takes beyond the model's own delay is what this machine adds
// to one exchange under that load, whoever makes it.
func watchControl(ctx context.Context, url string, model time.Duration, calls func()) spread {
	if url == "" {
		calls()
		return nil
	}
	ctx, stop := context.WithCancel(ctx)
	var (
		added spread
		wg    sync.WaitGroup
	)
	wg.Go(func() {
		tick := time.NewTicker(controlEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
			if d, err := firstWord(ctx, url); err == nil {
				added = append(added, d-model)
			}
		}
	})
	calls()
	stop()
	wg.Wait()
	return added
}

// errNoWord indicates an answer without a word.
var errNoWord = errors.New("the model said nothing")

// firstWord is how long a bare request takes to its first word.
func firstWord(ctx context.Context, url string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/openai/v1/chat/completions", strings.NewReader(controlBody)) //nolint:gosec // whoever calls names the address
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+simulatedKey)
	began := time.Now()
	res, err := http.DefaultClient.Do(req) //nolint:gosec // as above
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	var took time.Duration
	for lines.Scan() {
		_, rest, found := strings.Cut(lines.Text(), `"content":"`)
		if found && took == 0 && !strings.HasPrefix(rest, `"`) {
			took = time.Since(began)
		}
	}
	if took == 0 {
		return 0, errNoWord
	}
	return took, lines.Err()
}
