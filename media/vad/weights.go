package vad

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
)

// ErrWeights reports bytes that are no usable weights file, or tensors that are
// not those of the network.
var ErrWeights = errors.New("invalid Silero weights")

// The weights file, all numbers little-endian:
//
//	offset  size  content
//	     0     8  magic "VHSILERO"
//	     8     4  version, 1
//	    12     4  number of float32 values that follow the header
//	    16    32  SHA-256 of those values' bytes
//	    48        the values: the tensors of tensors, in that order, row-major
const (
	weightsMagic   = "VHSILERO"
	weightsVersion = 1
	headerSize     = 48
)

// tensor is one parameter of the network under its name in the published model.
type tensor struct {
	name  string
	shape []int
}

func (t tensor) size() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// tensors lists the network's parameters in file order. The published model
// holds its Fourier basis as one more tensor; it is a plain Hann-windowed DFT
// and computed here instead.
var tensors = []tensor{
	{"encoder.0.reparam_conv.weight", []int{128, bins, 3}},
	{"encoder.0.reparam_conv.bias", []int{128}},
	{"encoder.1.reparam_conv.weight", []int{64, 128, 3}},
	{"encoder.1.reparam_conv.bias", []int{64}},
	{"encoder.2.reparam_conv.weight", []int{64, 64, 3}},
	{"encoder.2.reparam_conv.bias", []int{64}},
	{"encoder.3.reparam_conv.weight", []int{128, 64, 3}},
	{"encoder.3.reparam_conv.bias", []int{128}},
	{"decoder.rnn.weight_ih", []int{4 * hidden, hidden}},
	{"decoder.rnn.weight_hh", []int{4 * hidden, hidden}},
	{"decoder.rnn.bias_ih", []int{4 * hidden}},
	{"decoder.rnn.bias_hh", []int{4 * hidden}},
	{"decoder.decoder.2.weight", []int{1, hidden, 1}},
	{"decoder.decoder.2.bias", []int{1}},
}

// EncodeWeights writes the weights file that LoadModel reads. lookup returns
// the shape and the row-major values of a tensor of the published 16 kHz model.
// A missing, misshapen or non-finite tensor is an ErrWeights.
func EncodeWeights(lookup func(name string) (shape []int, values []float32, ok bool)) ([]byte, error) {
	var body []byte
	for _, t := range tensors {
		shape, values, ok := lookup(t.name)
		if !ok {
			return nil, fmt.Errorf("%w: no tensor %s", ErrWeights, t.name)
		}
		if !slices.Equal(shape, t.shape) || len(values) != t.size() {
			return nil, fmt.Errorf("%w: tensor %s has shape %v and %d values, want %v", ErrWeights, t.name, shape, len(values), t.shape)
		}
		for _, v := range values {
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(v))
		}
	}
	sum := sha256.Sum256(body)
	file := make([]byte, 0, headerSize+len(body))
	file = append(file, weightsMagic...)
	file = binary.LittleEndian.AppendUint32(file, weightsVersion)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(body)/4))
	file = append(file, sum[:]...)
	file = append(file, body...)
	if _, err := decodeWeights(file); err != nil {
		return nil, err
	}
	return file, nil
}

// decodeWeights returns the tensors of a weights file by name.
func decodeWeights(file []byte) (map[string][]float32, error) {
	want := 0
	for _, t := range tensors {
		want += t.size()
	}
	if len(file) < headerSize || string(file[:8]) != weightsMagic {
		return nil, fmt.Errorf("%w: not a weights file", ErrWeights)
	}
	if v := binary.LittleEndian.Uint32(file[8:]); v != weightsVersion {
		return nil, fmt.Errorf("%w: version %d, want %d", ErrWeights, v, weightsVersion)
	}
	body := file[headerSize:]
	if n := binary.LittleEndian.Uint32(file[12:]); uint64(n) != uint64(want) || len(body) != 4*want {
		return nil, fmt.Errorf("%w: %d values announced and %d bytes there, want %d values", ErrWeights, n, len(body), want)
	}
	if sum := sha256.Sum256(body); string(sum[:]) != string(file[16:headerSize]) {
		return nil, fmt.Errorf("%w: checksum mismatch", ErrWeights)
	}
	byName := make(map[string][]float32, len(tensors))
	for _, t := range tensors {
		values := make([]float32, t.size())
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
			if v := float64(values[i]); math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("%w: tensor %s holds %v", ErrWeights, t.name, v)
			}
		}
		byName[t.name] = values
		body = body[4*len(values):]
	}
	return byName, nil
}
