package journal

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// maxFile is the largest file that is read: positions in it have 32 bits. No file
// that was written here comes near it.
const maxFile = 1 << 31

// errVersion refuses files of a later program: they are left as they are.
var errVersion = errors.New("journal is of a later version")

// found is a file of a slot, as Open finds it.
type found struct {
	number int64
	size   int64
	f      file
}

// recover finds what earlier holders of the slot left: it reads every file once,
// cuts off what a crash tore, and counts what is damaged.
func (j *Journal) recover() error {
	files, err := j.openAll()
	defer func() {
		for _, f := range files {
			_ = f.f.Close()
		}
	}()
	if err != nil {
		return err
	}
	ends := make(map[int64]int64)
	for _, f := range files {
		h, ok := firstHeader(f)
		switch {
		case ok && h.Version != version:
			return fmt.Errorf("%w: %d", errVersion, h.Version)
		case ok:
			for number, end := range h.Ends {
				if number < f.number && end >= 0 {
					ends[number] = end
				}
			}
		}
	}
	// From the newest back: whether a torn end is what a crash leaves depends on
	// whether a later file holds anything.
	newest := true
	for _, f := range slices.Backward(files) {
		end, given := ends[f.number]
		seg := j.read(f, end, given, newest)
		if seg == nil {
			continue
		}
		newest = false
		j.segments = append(j.segments, seg)
		j.n.Bytes += seg.size
		j.n.Events += len(seg.spans)
	}
	slices.Reverse(j.segments)
	return nil
}

// openAll opens the slot's files in the order of their numbers.
func (j *Journal) openAll() (files []found, err error) {
	entries, err := j.o.files.list(j.dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		number, kept, ours := fileNumber(e.name)
		if !ours {
			continue
		}
		j.number = max(j.number, number)
		if !e.regular {
			continue
		}
		if kept {
			j.n.Kept++
			continue
		}
		f, err := j.o.files.open(j.path(e.name), os.O_RDWR)
		if err != nil {
			return files, err
		}
		size, err := f.size()
		files = append(files, found{number: number, size: size, f: f})
		if err != nil {
			return files, err
		}
	}
	slices.SortFunc(files, func(a, b found) int { return int(a.number - b.number) })
	return files, nil
}

// firstHeader reads the header of a file. Without one its records may still be
// good: what is wrong with it is found with them.
func firstHeader(f found) (h header, ok bool) {
	first := true
	scan(f.f, min(f.size, scanChunk), func(l line) {
		if first && l.ended && !l.spoiled {
			h, ok = parseHeader(l.text)
		}
		first = false
	})
	return h, ok
}

// read indexes the records of a file. Only its first end bytes are good when given.
// What holds nothing is removed.
func (j *Journal) read(f found, end int64, given, newest bool) *segment {
	size := f.size
	if given {
		size = min(size, end)
	}
	seg := &segment{number: f.number, size: size}
	var faults, firstAt int64
	fault := func(at int64) {
		if faults == 0 {
			firstAt = at
		}
		faults++
	}
	if size > maxFile {
		fault(maxFile)
	}
	torn := int64(-1)
	scan(f.f, min(size, maxFile), func(l line) {
		if len(l.text) == 0 && !l.spoiled {
			return // what separates records
		}
		text, skipped, whole, ok := l.sound()
		switch {
		case !ok && !l.ended && !l.spoiled && newest:
			torn = l.at
			return
		case !ok:
			fault(l.at)
			return
		case !whole:
			fault(l.at)
		}
		if _, isHeader := parseHeader(text); isHeader {
			if l.at > 0 {
				fault(l.at)
			}
			return
		}
		seg.spans = append(seg.spans, span{at: uint32(l.at) + uint32(skipped), n: uint32(len(text))})
	})
	if given && end > f.size {
		fault(f.size) // shortened below what was durable
	}
	if torn >= 0 {
		j.n.Torn++
		j.log.Warn("a crash left an unfinished record, which nobody was told of", "file", seg.name(), "bytes", size-torn)
		seg.size = torn
	}
	if len(seg.spans) == 0 && faults == 0 {
		if err := j.o.files.remove(j.path(seg.name())); err != nil {
			j.junk = append(j.junk, seg.number)
		}
		return nil
	}
	if !settle(f, seg.size) {
		j.ends[seg.number] = seg.size
	}
	if faults > 0 {
		seg.damaged = true
		j.n.Damaged += uint64(faults)
		j.log.Error("ALARM stored events are damaged: the file is kept", "file", seg.name(), "faults", faults, "first_at", firstAt, "readable", len(seg.spans))
	}
	return seg
}

// settle shortens a file to what is good of it and makes that durable: what was
// found may be in the page cache only, and so may an end that was cut off.
func settle(f found, size int64) bool {
	if size < f.size && f.f.Truncate(size) != nil {
		return false
	}
	return f.f.Sync() == nil
}

// reading is the one file that is open for reading.
type reading struct {
	f      file
	number int64
}

func (r *reading) close() {
	if r.f != nil {
		_ = r.f.Close()
		r.f = nil
	}
}

// open returns the file of seg.
func (j *Journal) open(seg *segment) (io.ReaderAt, error) {
	if j.in.f != nil && j.in.number == seg.number {
		return j.in.f, nil
	}
	j.in.close()
	f, err := j.o.files.open(j.path(seg.name()), os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	j.in = reading{f: f, number: seg.number}
	return f, nil
}
