package vad

import "fmt"

// The network hears windows of 512 samples (32 ms at 16 kHz), each preceded by
// the last 64 samples before it: without that context its answers are useless.
const (
	windowSize  = 512
	contextSize = 64
	reflection  = 64 // mirrored samples behind the window, none in front
	hidden      = 128
)

// Model is the Silero voice activity network (v6, 16 kHz) with its weights. It
// is immutable and safe for concurrent use.
type Model struct {
	encoder [4]dense
	gates   dense // LSTM: input and recurrent weights side by side
	output  []float32
	bias    float32 // of the output
	wide    bool    // the processor has AVX2
}

// LoadModel reads a weights file written by EncodeWeights and copies what it
// needs of it. Anything else is an ErrWeights.
func LoadModel(weights []byte) (*Model, error) {
	t, err := decodeWeights(weights)
	if err != nil {
		return nil, fmt.Errorf("load voice activity model: %w", err)
	}
	m := &Model{output: t["decoder.decoder.2.weight"], bias: t["decoder.decoder.2.bias"][0], wide: hasAVX2}
	// The convolutions have three taps; the last two see so few spectra that
	// their outer taps only ever meet padding.
	for i, l := range []struct{ in, firstTap, lastTap int }{{bins, 0, 2}, {128, 0, 2}, {64, 1, 2}, {64, 1, 1}} {
		name := fmt.Sprintf("encoder.%d.reparam_conv.", i)
		m.encoder[i] = newDense(tapMajor(t[name+"weight"], l.in, l.firstTap, l.lastTap), t[name+"bias"], 0)
	}
	ih, hh := t["decoder.rnn.weight_ih"], t["decoder.rnn.weight_hh"]
	bi, bh := t["decoder.rnn.bias_ih"], t["decoder.rnn.bias_hh"]
	var weight, bias []float32
	for row := range 4 * hidden {
		weight = append(weight, ih[row*hidden:(row+1)*hidden]...)
		weight = append(weight, hh[row*hidden:(row+1)*hidden]...)
		bias = append(bias, bi[row]+bh[row])
	}
	m.gates = newDense(weight, bias, noLeast)
	return m, nil
}

// tapMajor turns a convolution's weights [out][in][3] into [out][tap][in] for
// the taps first..last, so that the input of one output position is one
// contiguous run of spectra.
func tapMajor(w []float32, in, first, last int) []float32 {
	var out []float32
	for row := 0; row < len(w); row += 3 * in {
		for tap := first; tap <= last; tap++ {
			for i := range in {
				out = append(out, w[row+3*i+tap])
			}
		}
	}
	return out
}

// stream is the network's memory of one call and its scratch space. The scratch
// buffers are time-major with a row of zeros where a convolution pads.
type stream struct {
	state [2 * hidden]float32 // input of the LSTM: encoded window, then its previous output
	cell  [hidden]float32

	padded   [contextSize + windowSize + reflection]float32
	fft      [fftSize]complex64
	spectrum [(1 + spectra + 1) * bins]float32
	layer0   [(1 + spectra + 1) * 128]float32
	layer1   [2 * 64]float32
	layer2   [64]float32
	gates    [4 * hidden]float32
}

// reset forgets the call so far.
func (s *stream) reset() {
	clear(s.state[:])
	clear(s.cell[:])
}

// run returns the probability, 0 to 1, that the window holds speech. samples
// are the context and the window, 64 + 512 values from -1 to 1; windows come in
// order.
func (m *Model) run(s *stream, samples []float32) float32 {
	n := copy(s.padded[:], samples[:contextSize+windowSize])
	for i := range reflection {
		s.padded[n+i] = s.padded[n-2-i]
	}
	for t := 0; t < spectra; t += 2 {
		magnitudes(s.padded[t*fftHop:], s.padded[(t+1)*fftHop:],
			s.spectrum[(t+1)*bins:], s.spectrum[(t+2)*bins:], &s.fft)
	}
	// Time shrinks 4 -> 4 -> 2 -> 1 -> 1 (strides 1, 2, 2, 1).
	m.encoder[0].apply(s.layer0[128:(1+spectra)*128], s.spectrum[:], bins, m.wide)
	m.encoder[1].apply(s.layer1[:], s.layer0[:], 2*128, m.wide)
	m.encoder[2].apply(s.layer2[:], s.layer1[:], 0, m.wide)
	m.encoder[3].apply(s.state[:hidden], s.layer2[:], 0, m.wide)

	// One LSTM cell; gates in the order input, forget, cell, output.
	m.gates.apply(s.gates[:], s.state[:], 0, m.wide)
	var sum float32
	for i := range hidden {
		in, forget := sigmoid(s.gates[i]), sigmoid(s.gates[hidden+i])
		s.cell[i] = forget*s.cell[i] + in*tanh(s.gates[2*hidden+i])
		h := sigmoid(s.gates[3*hidden+i]) * tanh(s.cell[i])
		s.state[hidden+i] = h
		sum += m.output[i] * max(h, 0)
	}
	return sigmoid(sum + m.bias)
}
