package worker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// The C structures of flite's public headers, as far as they are touched here
// (soname libflite.so.1: cst_utterance.h, cst_wave.h, cst_audio.h).
type (
	cstVoice     struct{ _ byte }
	cstFeatures  struct{ _ byte }
	cstRelation  struct{ _ byte }
	cstItem      struct{ _ byte }
	cstVal       struct{ _ byte }
	cstUtterance struct{ features *cstFeatures }
	cstWave      struct {
		format     *byte
		sampleRate int32
		numSamples int32
		channels   int32
		samples    *int16
	}
	cstStreaming struct {
		minBuffer int32
		callback  uintptr
	}
)

// What the callback of an audio stream answers (cst_audio.h).
const (
	streamStop     int32 = -1
	streamContinue int32 = 0
)

const (
	// firstSound is the least sound in the first piece, so that a listener need not
	// wait: 40 ms. flite has it 5-50 ms after the start, by the sentence's length.
	firstSound = wire.Rate / 25
	// nextSound is the least sound in the following pieces: 100 ms. flite adds at
	// most a frame of 5 ms to it.
	nextSound = wire.Rate / 10
)

// Names that flite keeps pointers to or reads as C strings. They end in NUL, so
// purego hands over the program's own constant instead of a copy that could go.
const (
	featStreaming = "streaming_info\x00"
	featStretch   = "duration_stretch\x00"
	featPosition  = "file_pos\x00"
	relToken      = "Token\x00"
	wordFrom      = "R:SylStructure.daughter1.daughter1.R:Segment.p.end\x00"
	wordTo        = "R:SylStructure.daughtern.daughtern.end\x00"
)

// flite speaks with the voice cmu_us_slt of the C library. The library counts
// references without atomics, so one sentence is spoken at a time; the others
// wait for a few hundredths of their own length.
type flite struct {
	mu    sync.Mutex
	voice *cstVoice
	job   *fliteJob // the sentence being spoken; guarded by mu
	asc   uintptr   // the C address of heard

	synth           uintptr // the C address of utt_synth
	newUtterance    func() *cstUtterance
	deleteUtterance func(*cstUtterance)
	setInputText    func(*cstUtterance, string)
	doSynth         func(*cstUtterance, *cstVoice, uintptr) *cstUtterance
	wave            func(*cstUtterance) *cstWave
	hasRelation     func(*cstUtterance, string) int32
	relation        func(*cstUtterance, string) *cstRelation
	head            func(*cstRelation) *cstItem
	next            func(*cstItem) *cstItem
	daughter        func(*cstItem) *cstItem
	itemInt         func(*cstItem, string) int32
	itemFloat       func(*cstItem, string) float32
	setVal          func(*cstFeatures, string, *cstVal)
	setFloat        func(*cstFeatures, string, float32)
	newStreaming    func() *cstStreaming
	streamingVal    func(*cstStreaming) *cstVal
}

// fliteJob is one sentence on its way through the library.
type fliteJob struct {
	utterance *cstUtterance
	text      string
	words     func([]wire.Span)
	sound     func([]int16) bool
	heard     bool  // the callback was called
	err       error // a panic inside the callback
}

// loadFlite finds and starts the library.
func loadFlite() (*flite, error) {
	lib, err := openLibrary("libflite.so.1")
	if err != nil {
		return nil, err
	}
	slt, err := openLibrary("libflite_cmu_us_slt.so.1")
	if err != nil {
		return nil, err
	}
	f := &flite{}
	var start func() int32
	var register func(*byte) *cstVoice
	slt.bind(&register, "register_cmu_us_slt")
	lib.bind(&start, "flite_init")
	lib.bind(&f.newUtterance, "new_utterance")
	lib.bind(&f.deleteUtterance, "delete_utterance")
	lib.bind(&f.setInputText, "utt_set_input_text")
	lib.bind(&f.doSynth, "flite_do_synth")
	lib.bind(&f.wave, "utt_wave")
	lib.bind(&f.hasRelation, "utt_relation_present")
	lib.bind(&f.relation, "utt_relation")
	lib.bind(&f.head, "relation_head")
	lib.bind(&f.next, "item_next")
	lib.bind(&f.daughter, "item_daughter")
	lib.bind(&f.itemInt, "flite_ffeature_int")
	lib.bind(&f.itemFloat, "flite_ffeature_float")
	lib.bind(&f.setVal, "feat_set")
	lib.bind(&f.setFloat, "feat_set_float")
	lib.bind(&f.newStreaming, "new_audio_streaming_info")
	lib.bind(&f.streamingVal, "audio_streaming_info_val")
	f.synth = lib.address("utt_synth")
	if err := errors.Join(lib.err(), slt.err()); err != nil {
		return nil, err
	}
	start()
	if f.voice = register(nil); f.voice == nil {
		return nil, errors.New("flite has no voice slt")
	}
	f.asc = purego.NewCallback(f.heard)
	return f, nil
}

// speak implements voice. It stops within one piece of sound when asked to.
func (f *flite) speak(ctx context.Context, text string, rate float64, words func([]wire.Span), sound func([]int16) bool) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	u := f.newUtterance()
	f.setInputText(u, text)
	f.setFloat(u.features, featStretch, float32(1/rate))
	streaming := f.newStreaming() // the utterance owns it from here on
	streaming.minBuffer, streaming.callback = firstSound, f.asc
	f.setVal(u.features, featStreaming, f.streamingVal(streaming))

	job := &fliteJob{utterance: u, text: text, words: words, sound: sound}
	f.job = job
	defer func() { f.job = nil }()
	if u = f.doSynth(u, f.voice, f.synth); u == nil {
		return fmt.Errorf("flite could not speak a sentence of %d bytes", len(text))
	}
	defer f.deleteUtterance(u)
	if w := f.wave(u); !job.heard && w != nil && w.samples != nil {
		f.emit(job, unsafe.Slice(w.samples, w.numSamples)) // a flite that does not stream
	}
	return job.err
}

// heard is called by flite, within speak, with each new piece of the wave. By the
// first one all durations are settled.
func (f *flite) heard(w *cstWave, start, size, _ int32, streaming *cstStreaming) (answer int32) {
	job := f.job
	defer func() { // a panic must not unwind through C
		if p := recover(); p != nil {
			job.err, answer = fmt.Errorf("panic while speaking: %v", p), streamStop
		}
	}()
	streaming.minBuffer = nextSound
	if !f.emit(job, unsafe.Slice(w.samples, w.numSamples)[start:start+size]) {
		return streamStop
	}
	return streamContinue
}

// emit hands over sound, and the words before the first of it.
func (f *flite) emit(job *fliteJob, pcm []int16) bool {
	if !job.heard {
		job.heard = true
		job.words(spans(job.text, f.tokens(job.utterance)))
	}
	for len(pcm) > 0 {
		n := min(len(pcm), wire.MaxSamples)
		if !job.sound(pcm[:n]) {
			return false
		}
		pcm = pcm[n:]
	}
	return true
}

// tokens reads the times of the utterance's tokens: each is spoken as words, a
// word as syllables, a syllable as segments, which know when they end.
func (f *flite) tokens(u *cstUtterance) []token {
	if f.hasRelation(u, relToken) == 0 {
		return nil
	}
	var all []token
	for it := f.head(f.relation(u, relToken)); it != nil; it = f.next(it) {
		t := token{end: int(f.itemInt(it, featPosition))}
		for word := f.daughter(it); word != nil; word = f.next(word) {
			from, to := float64(f.itemFloat(word, wordFrom)), float64(f.itemFloat(word, wordTo))
			if to <= from { // punctuation that became a word of no sound
				continue
			}
			if t.to == 0 {
				t.from = from
			}
			t.to = to
		}
		all = append(all, t)
	}
	return all
}
