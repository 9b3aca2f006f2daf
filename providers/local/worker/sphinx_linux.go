package worker

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"github.com/vantahire/vantahire/providers/local/wire"
)

// The C structures of pocketsphinx (soname libpocketsphinx.so.3) and sphinxbase
// (libsphinxbase.so.3). psMean is cmn_t of sphinxbase/cmn.h, the running mean of a
// channel; psFeatures is the front of feat_t of sphinxbase/feat.h, which holds it.
type (
	psDecoder  struct{ _ byte }
	psSegment  struct{ _ byte }
	psConfig   struct{ _ byte }
	psArgument struct{ _ byte }
	psLogmath  struct{ _ byte }
	psMean     struct {
		mean, variance, sum *float32
		frames, size        int32
	}
	psFeatures struct {
		refcount   int32
		name       *byte
		cepSize    int32
		streams    int32
		streamLen  *uint32
		windowSize int32
		subvectors int32
		svLen      *uint32
		subvecs    **int32
		svBuf      *float32
		svDim      int32
		cmnType    int32
		varNorm    int32
		agc        int32
		compute    uintptr
		cmn        *psMean
	}
)

const (
	// frameSamples is a pocketsphinx frame: 10 ms (its option -frate).
	frameSamples = wire.Rate / 100
	// maxCepstra bounds what is believed of a model's feature size; 13 in practice.
	maxCepstra = 64
)

// sphinx is the loaded recogniser with its model files. Its decoders may work at
// the same time; each belongs to one goroutine.
type sphinx struct {
	options []string

	arguments  func() *psArgument
	parse      func(*psConfig, *psArgument, int32, **byte, int32) *psConfig
	freeConfig func(*psConfig) int32
	open       func(*psConfig) *psDecoder
	free       func(*psDecoder) int32
	startAll   func(*psDecoder) int32
	start      func(*psDecoder) int32
	end        func(*psDecoder) int32
	process    func(*psDecoder, *int16, uintptr, int32, int32) int32
	inSpeech   func(*psDecoder) uint8
	logmath    func(*psDecoder) *psLogmath
	features   func(*psDecoder) *psFeatures
	meanGet    func(*psMean, *float32)
	meanSet    func(*psMean, *float32)
	exp        func(*psLogmath, int32) float64
	segment    func(*psDecoder) *psSegment
	nextSeg    func(*psSegment) *psSegment
	segWord    func(*psSegment) string
	segFrames  func(*psSegment, *int32, *int32)
	segProb    func(*psSegment, *int32, *int32, *int32) int32
}

// loadSphinx finds the libraries and checks that the American English model of
// Debian's pocketsphinx-en-us is in modelDir.
func loadSphinx(modelDir string) (*sphinx, error) {
	base, err := openLibrary("libsphinxbase.so.3")
	if err != nil {
		return nil, err
	}
	lib, err := openLibrary("libpocketsphinx.so.3")
	if err != nil {
		return nil, err
	}
	s := &sphinx{options: modelOptions(modelDir)}
	var setCallback, setLog func(uintptr, uintptr)
	base.bind(&setCallback, "err_set_callback")
	base.bind(&setLog, "err_set_logfp")
	base.bind(&s.parse, "cmd_ln_parse_r")
	base.bind(&s.freeConfig, "cmd_ln_free_r")
	base.bind(&s.exp, "logmath_exp")
	base.bind(&s.meanGet, "cmn_live_get")
	base.bind(&s.meanSet, "cmn_live_set")
	lib.bind(&s.arguments, "ps_args")
	lib.bind(&s.open, "ps_init")
	lib.bind(&s.free, "ps_free")
	lib.bind(&s.startAll, "ps_start_stream")
	lib.bind(&s.start, "ps_start_utt")
	lib.bind(&s.end, "ps_end_utt")
	lib.bind(&s.process, "ps_process_raw")
	lib.bind(&s.inSpeech, "ps_get_in_speech")
	lib.bind(&s.logmath, "ps_get_logmath")
	lib.bind(&s.features, "ps_get_feat")
	lib.bind(&s.segment, "ps_seg_iter")
	lib.bind(&s.nextSeg, "ps_seg_next")
	lib.bind(&s.segWord, "ps_seg_word")
	lib.bind(&s.segFrames, "ps_seg_frames")
	lib.bind(&s.segProb, "ps_seg_prob")
	if err := errors.Join(base.err(), lib.err()); err != nil {
		return nil, err
	}
	setCallback(0, 0) // no log: it is a page per utterance
	setLog(0, 0)
	return s, nil
}

// modelOptions are the library's options. Its defaults for search and features
// are the best found: measured over 16 interview sentences of the voice slt, word
// error rate 8.6 %; without noise removal 8.6, language weight 8 (6.5) 10.9, no
// second pass 10.9 (but 110 ms faster per answer), word penalty 0.5 24.
func modelOptions(dir string) []string {
	return []string{
		"-hmm", filepath.Join(dir, "en-us"),
		"-lm", filepath.Join(dir, "en-us.lm.bin"),
		"-dict", filepath.Join(dir, "cmudict-en-us.dict"),
	}
}

// newDecoder loads the models, which takes 0.2-0.6 s of a core and about 100 MB.
func (s *sphinx) newDecoder() (*sphinxDecoder, error) {
	argv := []*byte{}
	var pins runtime.Pinner
	defer pins.Unpin()
	for _, o := range append([]string{"speech"}, s.options...) {
		c := append([]byte(o), 0)
		pins.Pin(&c[0])
		argv = append(argv, &c[0])
	}
	config := s.parse(nil, s.arguments(), int32(len(argv)), unsafe.SliceData(argv), 1)
	if config == nil {
		return nil, fmt.Errorf("pocketsphinx refuses its options %q", s.options)
	}
	defer s.freeConfig(config)
	ps := s.open(config)
	if ps == nil {
		return nil, fmt.Errorf("pocketsphinx can't load its models: %q", s.options)
	}
	d := &sphinxDecoder{lib: s, ps: ps, exp: s.logmath(ps)}
	if feat := s.features(ps); feat != nil && feat.cmn != nil && feat.cmn.sum != nil && feat.cmn.size == feat.cepSize && feat.cepSize > 0 && feat.cepSize <= maxCepstra {
		d.cmn, d.mean = feat.cmn, make([]float32, feat.cepSize)
		s.meanGet(d.cmn, &d.mean[0])
	}
	if err := d.begin(); err != nil {
		s.free(ps)
		return nil, err
	}
	return d, nil
}

// sphinxDecoder is one recogniser, always within an utterance.
type sphinxDecoder struct {
	lib  *sphinx
	ps   *psDecoder
	exp  *psLogmath
	cmn  *psMean
	mean []float32 // the cepstral mean of the model, before any speech
}

// begin starts a stream: time at 0, no memory of noise or channel.
func (d *sphinxDecoder) begin() error {
	if d.lib.startAll(d.ps) < 0 || d.lib.start(d.ps) < 0 {
		return errors.New("pocketsphinx can't start an utterance")
	}
	return nil
}

// forget makes the decoder as good as new. It reports false when it can't.
func (d *sphinxDecoder) forget() bool {
	if d.cmn == nil || d.lib.end(d.ps) < 0 {
		return false
	}
	d.lib.meanSet(d.cmn, &d.mean[0])
	// The library now takes the mean for one of many frames that were heard; a new
	// decoder knows it for a guess that the first utterance replaces.
	d.cmn.frames = 0
	clear(unsafe.Slice(d.cmn.sum, len(d.mean)))
	return d.begin() == nil
}

func (d *sphinxDecoder) close() { d.lib.free(d.ps) }

func (d *sphinxDecoder) feed(pcm []int16) error {
	if len(pcm) == 0 {
		return nil
	}
	if d.lib.process(d.ps, &pcm[0], uintptr(len(pcm)), 0, 0) < 0 {
		return errors.New("pocketsphinx refuses the sound")
	}
	return nil
}

func (d *sphinxDecoder) speaking() bool { return d.lib.inSpeech(d.ps) != 0 }

// partial has no confidences: they need the whole utterance.
func (d *sphinxDecoder) partial() []wire.Word { return d.words(false) }

func (d *sphinxDecoder) end() ([]wire.Word, error) {
	if d.lib.end(d.ps) < 0 {
		return nil, errors.New("pocketsphinx can't end an utterance")
	}
	words := d.words(true)
	if d.lib.start(d.ps) < 0 {
		return nil, errors.New("pocketsphinx can't start an utterance")
	}
	return words, nil
}

func (d *sphinxDecoder) words(settled bool) []wire.Word {
	var words []wire.Word
	for seg := d.lib.segment(d.ps); seg != nil; seg = d.lib.nextSeg(seg) {
		text, ok := plainWord(d.lib.segWord(seg))
		if !ok {
			continue
		}
		var from, to int32
		d.lib.segFrames(seg, &from, &to)
		w := wire.Word{Text: text, From: max(0, int64(from)) * frameSamples, To: max(0, int64(to)+1) * frameSamples}
		w.To = max(w.To, w.From)
		if settled {
			// The posterior of the word in the lattice, which rounding lets pass 1.
			w.Confidence = min(1, max(0, d.lib.exp(d.exp, d.lib.segProb(seg, nil, nil, nil))))
		}
		words = append(words, w)
	}
	return words
}

// plainWord drops what the dictionary has for silence and noise (<sil>, </s>,
// [NOISE], ++UM++) and the number of an alternative pronunciation: "for(3)".
func plainWord(s string) (string, bool) {
	if s == "" || strings.ContainsAny(s[:1], "<[+") {
		return "", false
	}
	if i := strings.IndexByte(s, '('); i > 0 {
		s = s[:i]
	}
	return strings.ToLower(strings.ToValidUTF8(s, "")), true
}
