package main

import (
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"testing"

	"github.com/vantahire/vantahire/media/vad"
)

// The builders below write protocol buffers by hand, as the specification has
// them, so that the reader is not tested against itself.

func varint(number int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(nil, uint64(number)<<3), v)
}

func message(number int, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	b := binary.AppendUvarint(nil, uint64(number)<<3|2)
	b = binary.AppendUvarint(b, uint64(len(body)))
	return append(b, body...)
}

func text(number int, s string) []byte { return message(number, []byte(s)) }

func raw(values ...float32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

func TestTensorsAreFoundInEveryGraph(t *testing.T) {
	t.Parallel()
	packedDims := message(1, []byte{2, 1})
	fixed := append(binary.AppendUvarint(nil, 13<<3|1), make([]byte, 8)...)                // a 64-bit field to skip
	fixed = append(append(fixed, binary.AppendUvarint(nil, 14<<3|5)...), 0, 0, 0, 0)       // and a 32-bit one
	constant := func(tensor []byte) []byte { return message(5, text(1, "value"), tensor) } // NodeProto.attribute
	branch := func(name string, nodes ...[]byte) []byte { return message(5, text(1, name), message(6, nodes...)) }
	model := append(varint(1, 8), message(7,
		text(2, "main"),
		fixed,
		message(5, varint(1, 2), varint(2, 1), text(8, "plain"), message(9, raw(1, -2))),   // initializer, raw_data
		message(5, varint(1, 2), varint(2, 7), text(8, "integers"), message(9, raw(1, 1))), // INT64: skipped
		message(5, varint(1, 1), varint(2, 1), message(9, raw(1))),                         // nameless: skipped
		message(1, text(4, "If"),
			branch("then_branch", message(1, constant(message(5, packedDims, varint(2, 1), text(8, "w"), message(9, raw(0.5, 0.25)))))),
			branch("else_branch", message(1, constant(message(5, varint(1, 1), varint(2, 1), text(8, "w"), message(4, raw(8)))))),
		),
	)...)
	got, err := floatTensors(model)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]floats{
		"plain":         {[]int{2}, []float32{1, -2}},
		"then_branch/w": {[]int{2, 1}, []float32{0.5, 0.25}},
		"else_branch/w": {[]int{1}, []float32{8}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("tensors = %v, want %v", got, want)
	}
}

func TestMalformedModelsAreRefused(t *testing.T) {
	t.Parallel()
	deep := []byte{}
	for range 2 * maxDepth {
		deep = message(1, message(5, text(1, "b"), message(6, deep)))
	}
	for name, model := range map[string][]byte{
		"a key without end":           {0xff},
		"a number without end":        {0x08, 0xff},
		"a message cut off":           message(7, text(2, "main"))[:4],
		"a length beyond the end":     {0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f},
		"a length of 2^64-1":          {0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01},
		"a 64-bit number cut off":     {0x39, 1, 2, 3},
		"a 32-bit number cut off":     {0x3d, 1},
		"a group":                     {0x3b},
		"floats of five bytes":        message(7, message(5, varint(2, 1), text(8, "x"), message(9, make([]byte, 5)))),
		"a dimension without end":     message(7, message(5, message(1, []byte{0xff}), varint(2, 1))),
		"graphs nested without sense": message(7, deep),
	} {
		if _, err := floatTensors(model); !errors.Is(err, errWire) {
			t.Errorf("%s: error = %v, want errWire", name, err)
		}
		if _, err := convertSilero(model); !errors.Is(err, errWire) {
			t.Errorf("%s: convertSilero's error = %v, want errWire", name, err)
		}
	}
}

func TestAnotherModelIsNotConverted(t *testing.T) {
	t.Parallel()
	for name, model := range map[string][]byte{
		"an empty one":        nil,
		"one of other layers": message(7, message(5, varint(1, 1), varint(2, 1), text(8, "w"), message(9, raw(1)))),
	} {
		if _, err := convertSilero(model); !errors.Is(err, vad.ErrWeights) {
			t.Errorf("%s: error = %v, want vad.ErrWeights", name, err)
		}
	}
}

func FuzzFloatTensors(f *testing.F) {
	f.Add([]byte{})
	f.Add(message(7, message(5, varint(1, 2), varint(2, 1), text(8, "w"), message(9, raw(1, 2)))))
	f.Add(message(7, message(1, message(5, text(1, "then_branch"), message(6, message(1, message(5, message(5, varint(2, 1), text(8, "w"), message(9, raw(3))))))))))
	f.Fuzz(func(t *testing.T, model []byte) {
		tensors, err := floatTensors(model)
		if err != nil && !errors.Is(err, errWire) {
			t.Errorf("error = %v, want errWire", err)
		}
		for name, tensor := range tensors {
			if 4*len(tensor.values) > len(model) {
				t.Errorf("tensor %q has more values than the model has bytes", name)
			}
		}
	})
}
