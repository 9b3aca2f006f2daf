package main

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/vantahire/vantahire/media/vad"
)

// floats is a float32 tensor of an ONNX model, row-major.
type floats struct {
	shape  []int
	values []float32
}

// maxDepth bounds the nesting of graphs (a branch of a branch); published
// models have two or three levels.
const maxDepth = 8

// floatTensors collects the named float32 tensors of an ONNX model: the
// initialisers and constants of each graph, under "branch/name" where branch
// is the path of attributes that leads to the graph ("" for the main graph).
// Field numbers are those of onnx.proto3.
func floatTensors(model []byte) (map[string]floats, error) {
	found := map[string]floats{}
	err := walk(model, func(f field) error {
		if f.number == 7 && f.wire == wireBytes { // ModelProto.graph
			return graphTensors(f.bytes, "", found, maxDepth)
		}
		return nil
	})
	return found, err
}

func graphTensors(graph []byte, path string, found map[string]floats, depth int) error {
	if depth == 0 {
		return fmt.Errorf("%w: graphs nested deeper than %d", errWire, maxDepth)
	}
	return walk(graph, func(f field) error {
		switch {
		case f.wire != wireBytes:
			return nil
		case f.number == 5: // GraphProto.initializer
			return addTensor(f.bytes, path, found)
		case f.number == 1: // GraphProto.node
			return walk(f.bytes, func(f field) error {
				if f.number != 5 || f.wire != wireBytes { // NodeProto.attribute
					return nil
				}
				return attributeTensors(f.bytes, path, found, depth)
			})
		}
		return nil
	})
}

// attributeTensors looks for a constant or a subgraph in a node's attribute.
func attributeTensors(attribute []byte, path string, found map[string]floats, depth int) error {
	name := ""
	return walk(attribute, func(f field) error {
		switch {
		case f.wire != wireBytes:
			return nil
		case f.number == 1: // AttributeProto.name, written first
			name = string(f.bytes)
		case f.number == 5: // AttributeProto.t
			return addTensor(f.bytes, path, found)
		case f.number == 6: // AttributeProto.g
			return graphTensors(f.bytes, path+name+"/", found, depth-1)
		}
		return nil
	})
}

// addTensor adds a TensorProto when it is named and of type FLOAT.
func addTensor(tensor []byte, path string, found map[string]floats) error {
	const float32Type = 1 // TensorProto.DataType.FLOAT
	var (
		t    floats
		name string
		kind uint64
		data []byte
	)
	err := walk(tensor, func(f field) error {
		switch f.number {
		case 1: // dims, packed or one by one
			if f.wire == wireVarint {
				t.shape = append(t.shape, int(f.value))
				return nil
			}
			for b := f.bytes; len(b) > 0; {
				d, n := binary.Uvarint(b)
				if n <= 0 {
					return fmt.Errorf("%w: bad dimension", errWire)
				}
				t.shape = append(t.shape, int(d))
				b = b[n:]
			}
		case 2: // data_type
			kind = f.value
		case 8: // name
			name = string(f.bytes)
		case 4, 9: // float_data (packed) and raw_data have the same bytes
			data = f.bytes
		}
		return nil
	})
	if err != nil || kind != float32Type || name == "" {
		return err
	}
	if len(data)%4 != 0 {
		return fmt.Errorf("%w: tensor %s has %d bytes of float32", errWire, name, len(data))
	}
	t.values = make([]float32, len(data)/4)
	for i := range t.values {
		t.values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	found[path+name] = t
	return nil
}

// convertSilero turns the published Silero model into the weights file of
// media/vad. The model decides between its two networks by the sample rate; the
// one for 16 kHz is the "then" branch.
func convertSilero(onnx []byte) ([]byte, error) {
	found, err := floatTensors(onnx)
	if err != nil {
		return nil, fmt.Errorf("read the ONNX model: %w", err)
	}
	return vad.EncodeWeights(func(name string) ([]int, []float32, bool) {
		t, ok := found["then_branch/"+name]
		return t.shape, t.values, ok
	})
}
