package rest

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Load says how a read is driven.
type Load struct {
	// Users are the connections that ask, each one request at a time.
	Users int
	// Rate is how many requests a second are offered, whether the server keeps up or
	// not; 0 makes every user ask again as soon as it is answered.
	Rate int
	// Duration is how long requests are begun.
	Duration time.Duration
}

func (l Load) String() string {
	if l.Rate > 0 {
		return fmt.Sprintf("%d/s offered", l.Rate)
	}
	return fmt.Sprintf("%d users", l.Users)
}

// Result is what came of a load.
type Result struct {
	Requests, Errors int
	// FirstError is one of them, for the reader.
	FirstError error
	Took       time.Duration
	// P50, P95 and P99 are of the answered ones. Under an offered rate they count
	// from the moment a request was due, so that a server which stalls is not
	// flattered by the requests that its stall kept back.
	P50, P95, P99 time.Duration
}

// PerSecond is how many were answered as they should be.
func (r Result) PerSecond() float64 { return float64(r.Requests-r.Errors) / r.Took.Seconds() }

// Drive puts a load of one read on the server at an address. Any other answer than
// 200 is an error.
func Drive(ctx context.Context, addr string, read Read, load Load) Result {
	var (
		next    atomic.Int64
		mu      sync.Mutex
		all     []time.Duration
		result  Result
		users   sync.WaitGroup
		began   = time.Now()
		ends    = began.Add(load.Duration)
		dueNext = func() (time.Time, bool) {
			if load.Rate == 0 {
				now := time.Now()
				return now, now.Before(ends)
			}
			due := began.Add(time.Duration(next.Add(1)-1) * time.Second / time.Duration(load.Rate))
			return due, due.Before(ends)
		}
	)
	for range load.Users {
		users.Go(func() {
			u := user{addr: addr, read: read}
			defer u.leave()
			for ctx.Err() == nil {
				due, more := dueNext()
				if !more {
					break
				}
				time.Sleep(time.Until(due))
				u.once(ctx, due)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, u.took...)
			result.Errors += u.errors
			if result.FirstError == nil {
				result.FirstError = u.first
			}
		})
	}
	users.Wait()
	result.Took = time.Since(began)
	result.Requests = len(all) + result.Errors
	slices.Sort(all)
	result.P50, result.P95, result.P99 = quantile(all, 50), quantile(all, 95), quantile(all, 99)
	return result
}

// user is one connection's share of a load.
type user struct {
	addr   string
	read   Read
	conn   *conn
	took   []time.Duration
	errors int
	first  error
}

func (u *user) once(ctx context.Context, due time.Time) {
	err := u.ask(ctx)
	if err == nil {
		u.took = append(u.took, time.Since(due))
		return
	}
	u.errors++
	if u.first == nil {
		u.first = err
	}
	u.leave()
}

func (u *user) ask(ctx context.Context) error {
	if u.conn == nil {
		c, err := dial(ctx, u.addr)
		if err != nil {
			return err
		}
		u.conn = c
	}
	status, _, err := u.conn.ask(u.read)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("%s answers %d", u.read.Name, status)
	}
	return err
}

func (u *user) leave() {
	if u.conn != nil {
		u.conn.close()
		u.conn = nil
	}
}

// quantile is the value that a percentage of the sorted ones do not exceed.
func quantile(sorted []time.Duration, percent int) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[(len(sorted)*percent+99)/100-1]
}
