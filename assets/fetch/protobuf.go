package main

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// errWire reports bytes that are no protocol buffer message.
var errWire = errors.New("malformed protocol buffer")

// The wire types of the encoding (protobuf.dev, "Message structure"). Groups
// (3 and 4) are deprecated and ONNX has none.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// field is one field of a message: a number for varints and fixed widths, the
// content for length-delimited ones (it points into the message).
type field struct {
	number int
	wire   int
	value  uint64
	bytes  []byte
}

// walk calls visit for each field of a message in order and stops at the first
// error, visit's or that of the encoding.
func walk(message []byte, visit func(field) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return fmt.Errorf("%w: bad field key", errWire)
		}
		message = message[n:]
		f := field{number: int(key >> 3 & 0x1fffffff), wire: int(key & 7)}
		switch f.wire {
		case wireVarint:
			if f.value, n = binary.Uvarint(message); n <= 0 {
				return fmt.Errorf("%w: bad number in field %d", errWire, f.number)
			}
			message = message[n:]
		case wireFixed64:
			if len(message) < 8 {
				return fmt.Errorf("%w: field %d is cut off", errWire, f.number)
			}
			f.value = binary.LittleEndian.Uint64(message)
			message = message[8:]
		case wireFixed32:
			if len(message) < 4 {
				return fmt.Errorf("%w: field %d is cut off", errWire, f.number)
			}
			f.value = uint64(binary.LittleEndian.Uint32(message))
			message = message[4:]
		case wireBytes:
			size, n := binary.Uvarint(message)
			if n <= 0 || size > uint64(len(message)-n) {
				return fmt.Errorf("%w: field %d is cut off", errWire, f.number)
			}
			f.bytes = message[n : n+int(size)]
			message = message[n+int(size):]
		default:
			return fmt.Errorf("%w: field %d has wire type %d", errWire, f.number, f.wire)
		}
		if err := visit(f); err != nil {
			return err
		}
	}
	return nil
}
