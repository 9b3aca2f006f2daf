package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkAppend measures how long events are on their way to the disk, beside
// the control: the same bytes written and synchronized without a journal.
func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, 16, 256} {
		list := events(1, n)
		text := make([]byte, 0, 1<<20)
		for _, ev := range list {
			var err error
			if text, err = appendEvent(append(text, '\n'), ev); err != nil {
				b.Fatal(err)
			}
		}
		b.Run(fmt.Sprintf("control, %d events", n), func(b *testing.B) {
			f, err := os.Create(filepath.Join(b.TempDir(), "control"))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = f.Close() }()
			b.ReportAllocs()
			at := int64(0)
			for b.Loop() {
				if at > fileBytes { // as the journal's files end
					at = 0
					if err := f.Truncate(0); err != nil {
						b.Fatal(err)
					}
				}
				if _, err := f.WriteAt(text, at); err != nil {
					b.Fatal(err)
				}
				if err := f.Sync(); err != nil {
					b.Fatal(err)
				}
				at += int64(len(text))
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
		b.Run(fmt.Sprintf("%d events", n), func(b *testing.B) {
			j := open(b, b.TempDir(), Options{})
			b.ReportAllocs()
			for b.Loop() {
				if err := j.Append(list); err != nil {
					b.Fatal(err)
				}
				if j.Stats().Bytes > 100<<20 {
					if err := j.Release(j.Len()); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

// BenchmarkDrain measures reading and releasing, in the batches that the database
// gets.
func BenchmarkDrain(b *testing.B) {
	const batch = 256
	j := open(b, b.TempDir(), Options{})
	list := events(1, batch)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for j.Len() < 2*batch {
			appendAll(b, j, list...)
		}
		b.StartTimer()
		got, err := j.Read(batch)
		if err != nil {
			b.Fatal(err)
		}
		if err := j.Release(len(got)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkOpen measures a start that finds a whole journal.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	j := open(b, dir, Options{})
	for list := events(1, 256); j.Stats().Bytes < 64<<20; {
		appendAll(b, j, list...)
	}
	n := j.Len()
	_ = j.Close()
	b.ReportAllocs()
	for b.Loop() {
		j, err := Open(dir, Options{})
		if err != nil {
			b.Fatal(err)
		}
		if j.Len() != n {
			b.Fatal(j.Len())
		}
		_ = j.Close()
	}
	b.ReportMetric(float64(n), "events")
}
