package cartesia

import (
	"encoding/base64"
	"encoding/json"
	"strconv"

	"github.com/vantahire/vantahire/providers/simulated"
)

// appendText appends a JSON string.
func appendText(to []byte, s string) []byte {
	raw, err := json.Marshal(s)
	if err != nil { // every string encodes
		panic(err)
	}
	return append(to, raw...)
}

func appendHead(to []byte, kind, context string) []byte {
	to = append(append(append(to, `{"type":"`...), kind...), '"')
	if context != "" {
		to = appendText(append(to, `,"context_id":`...), context)
	}
	return to
}

func appendFlush(to []byte, flush int) []byte {
	if flush > 0 {
		to = strconv.AppendInt(append(to, `,"flush_id":`...), int64(flush), 10)
	}
	return to
}

func appendChunk(to []byte, context string, pcm []byte, flush int, step float64) []byte {
	to = append(appendHead(to, "chunk", context), `,"data":"`...)
	to = base64.StdEncoding.AppendEncode(to, pcm)
	to = append(to, `","done":false,"status_code":206,"step_time":`...)
	to = strconv.AppendFloat(to, step, 'f', 1, 64)
	return append(appendFlush(to, flush), '}')
}

// appendTimes says where words lie, base samples after the time's zero.
func appendTimes(to []byte, context string, words []simulated.SpokenWord, base, rate int) []byte {
	to = append(appendHead(to, "timestamps", context), `,"done":false,"status_code":206,"word_timestamps":{"words":[`...)
	for i, w := range words {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendText(to, w.Text)
	}
	list := func(name string, at func(simulated.SpokenWord) int) {
		to = append(append(append(to, `],"`...), name...), `":[`...)
		for i, w := range words {
			if i > 0 {
				to = append(to, ',')
			}
			to = strconv.AppendFloat(to, float64(base+at(w))/float64(rate), 'f', -1, 64)
		}
	}
	list("start", func(w simulated.SpokenWord) int { return w.From })
	list("end", func(w simulated.SpokenWord) int { return w.To })
	return append(to, "]}}"...)
}

func appendFlushDone(to []byte, context string, flush int) []byte {
	to = append(appendHead(to, "flush_done", context), `,"done":false,"status_code":206`...)
	return append(appendFlush(to, flush), `,"flush_done":true}`...)
}

func appendDone(to []byte, context string) []byte {
	return append(appendHead(to, "done", context), `,"done":true,"status_code":200}`...)
}

// appendError has the shape of the version: a text, or title, message and code.
func appendError(to []byte, version, context string, r *refusal) []byte {
	to = append(appendHead(to, "error", context), `,"done":true,"status_code":`...)
	to = strconv.AppendInt(to, int64(r.status), 10)
	if version < structuredErrors {
		return append(appendText(append(to, `,"error":`...), r.text), '}')
	}
	to = appendText(append(to, `,"error_code":`...), r.code)
	to = appendText(append(to, `,"title":`...), r.title)
	to = appendText(append(to, `,"message":`...), r.text)
	to = appendText(append(to, `,"request_id":`...), "6f0c-"+context)
	return append(to, '}')
}
