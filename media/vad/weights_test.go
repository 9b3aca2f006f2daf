package vad

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

// zeros is a lookup of a network whose weights are all zero.
func zeros(name string) ([]int, []float32, bool) {
	for _, t := range tensors {
		if t.name == name {
			return t.shape, make([]float32, t.size()), true
		}
	}
	return nil, nil, false
}

func TestAWeightsFileIsReadBackAsWritten(t *testing.T) {
	t.Parallel()
	file, err := EncodeWeights(func(name string) ([]int, []float32, bool) {
		shape, values, ok := zeros(name)
		for i := range values {
			values[i] = float32(len(name)) + float32(i)/8
		}
		return shape, values, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeWeights(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, tensor := range tensors {
		values := got[tensor.name]
		if len(values) != tensor.size() || values[9%len(values)] != float32(len(tensor.name))+float32(9%len(values))/8 {
			t.Errorf("tensor %s came back different", tensor.name)
		}
	}
}

func TestAnythingButAWeightsFileIsRefused(t *testing.T) {
	t.Parallel()
	good, err := EncodeWeights(zeros)
	if err != nil {
		t.Fatal(err)
	}
	change := func(at int, b byte) []byte {
		c := bytes.Clone(good)
		c[at] ^= b
		return c
	}
	for name, file := range map[string][]byte{
		"nothing":             nil,
		"a header alone":      good[:headerSize],
		"half a header":       good[:20],
		"a cut-off file":      good[:len(good)-1],
		"a longer file":       append(bytes.Clone(good), 0, 0, 0, 0),
		"another magic":       change(0, 1),
		"another version":     change(8, 2),
		"another count":       change(12, 1),
		"another checksum":    change(16, 1),
		"one bit in a weight": change(len(good)-1, 0x40),
		"an ONNX model":       append([]byte{8, 8, 18, 0}, make([]byte, 2<<20)...),
	} {
		if m, err := LoadModel(file); !errors.Is(err, ErrWeights) || m != nil {
			t.Errorf("%s: LoadModel = %v, %v; want ErrWeights", name, m != nil, err)
		}
	}
}

func TestTensorsOfAnotherNetworkAreRefused(t *testing.T) {
	t.Parallel()
	const victim = "decoder.rnn.weight_ih"
	for name, spoil := range map[string]func([]int, []float32) ([]int, []float32, bool){
		"one is missing":         func([]int, []float32) ([]int, []float32, bool) { return nil, nil, false },
		"one has another shape":  func(_ []int, v []float32) ([]int, []float32, bool) { return []int{128, 512}, v, true },
		"one has too few values": func(s []int, v []float32) ([]int, []float32, bool) { return s, v[1:], true },
		"one is not finite": func(s []int, v []float32) ([]int, []float32, bool) {
			v[5] = float32(math.Inf(1))
			return s, v, true
		},
	} {
		_, err := EncodeWeights(func(name string) ([]int, []float32, bool) {
			shape, values, ok := zeros(name)
			if name == victim {
				return spoil(shape, values)
			}
			return shape, values, ok
		})
		if !errors.Is(err, ErrWeights) {
			t.Errorf("%s: error = %v, want ErrWeights", name, err)
		}
	}
}

func FuzzLoadModel(f *testing.F) {
	good, err := EncodeWeights(zeros)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good[:headerSize])
	f.Add([]byte(weightsMagic))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, file []byte) {
		if m, err := LoadModel(file); (m == nil) == (err == nil) {
			t.Errorf("LoadModel = %v, %v", m, err)
		}
	})
}
