package embedded

import (
	"errors"
	"testing"
)

func TestARunningDatabaseIsFoundByItsDataDirectory(t *testing.T) {
	t.Parallel()
	dir := dataDirWithCluster(t)
	if _, err := RunningURL(dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("before the start: %v", err)
	}
	p, err := Start(t.Context(), Options{DataDir: dir, Logger: testLogger(t)})
	if err != nil {
		t.Fatal(err)
	}
	if url, err := RunningURL(dir); err != nil || url != p.URL() {
		t.Errorf("%q, %v; want %q", url, err, p.URL())
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := RunningURL(dir); !errors.Is(err, ErrNotRunning) {
		t.Errorf("after the stop: %v", err)
	}
}
