package candidate

import (
	"context"
	"fmt"
	"net/http"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Usage is what the server's process has used.
type Usage struct {
	At         time.Time
	CPU        time.Duration // user and system, since it started
	Memory     int64         // resident, bytes
	Heap       int64         // in use, bytes
	Goroutines int
	Live       int // interviews
}

// Usage reads what the server's process has used. Servers tell it to their own
// machine only, unless they are set to tell everybody.
func (a API) Usage(ctx context.Context) (Usage, error) {
	families, err := a.metrics(ctx)
	if err != nil {
		return Usage{}, fmt.Errorf("read the server's usage: %w", err)
	}
	value := func(name string) float64 {
		m := families[name].GetMetric()
		if len(m) != 1 {
			return 0
		}
		return m[0].GetCounter().GetValue() + m[0].GetGauge().GetValue()
	}
	u := Usage{
		At: time.Now(), CPU: time.Duration(value("process_cpu_seconds_total") * float64(time.Second)), Memory: int64(value("process_resident_memory_bytes")),
		Heap: int64(value("go_memstats_heap_inuse_bytes")), Goroutines: int(value("go_goroutines")), Live: int(value("vantahire_calls_live")),
	}
	if u.Memory == 0 {
		return u, fmt.Errorf("the server's metrics do not tell its memory")
	}
	return u, nil
}

// metrics reads the server's metrics.
func (a API) metrics(ctx context.Context) (map[string]*dto.MetricFamily, error) {
	ctx, cancel := context.WithTimeout(ctx, apiTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Server+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("/metrics answers %d", res.StatusCode)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	return parser.TextToMetricFamilies(http.MaxBytesReader(nil, res.Body, maxAnswer))
}
