#!/bin/sh
# Holds many calls at once on simulated providers, on this machine alone, and
# prints what came of them: exactness, latencies, interruptions, CPU and memory.
#
#   CALLS=100 scripts/load.sh
#
# It starts the simulated providers and a server of its own, on free ports and in a
# data folder of its own, and ends them again.
set -eu
cd "$(dirname "$0")/.."
calls=${CALLS:-100}
dir=$(mktemp -d)
chmod 755 "$dir"
sim=''
server=''
finish() {
	status=$?
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
	[ -z "$sim" ] || { kill "$sim" 2>/dev/null && wait "$sim" 2>/dev/null; } || true
	rm -rf "$dir"
	exit $status
}
trap finish EXIT INT TERM

# until FILE PATTERN: waits for a line and prints what the pattern's group found.
until_line() {
	for _ in $(seq 1 300); do
		found=$(sed -n "s#$2#\\1#p" "$1" | head -n 1)
		[ -z "$found" ] || { echo "$found"; return; }
		sleep 0.1
	done
	echo "load: it does not start:" >&2
	cat "$1" >&2
	return 1
}

# up FLAGS: simulated providers with these delays, and a server on them.
up() {
	: >"$dir/sim.log"
	: >"$dir/server.log"
	./bin/vantahire providers --addr 127.0.0.1:0 "$@" >"$dir/sim.log" 2>&1 &
	sim=$!
	at=$(until_line "$dir/sim.log" '.*at \(http://[0-9.]*:[0-9]*\).*')
	PORT=0 VANTAHIRE_DATA_DIR="$dir/data" VANTAHIRE_MAX_CALLS=1000 VANTAHIRE_LOCAL_CALLS=0 DEEPGRAM_TTS_SOCKETS=2000 CARTESIA_CONCURRENCY=2000 \
		DEEPGRAM_URL=$at CARTESIA_URL=$at GROQ_URL=$at/openai/v1 DEEPGRAM_API_KEY=simulated CARTESIA_API_KEY=simulated GROQ_API_KEY=simulated \
		./bin/vantahire serve >"$dir/server.log" 2>&1 &
	server=$!
	url=$(until_line "$dir/server.log" '.*listens on \(http://[0-9.]*:[0-9]*\).*')
}

down() {
	kill "$server" "$sim"
	wait "$server" "$sim" 2>/dev/null || true
	server=''
	sim=''
}

call() { VANTAHIRE_DATA_DIR="$dir/data" ./bin/vantahire call --server "$url" --voice code "$@"; }

echo "== $calls calls, delays of the real providers"
up
call --calls "$calls"
down
echo "== $calls calls, constant delays: what the engine adds, beside controls"
up --final 400ms --first-token 100ms --per-token=-1ns --first-byte 150ms
call --calls "$calls" --model-delay 100ms --voice-delay 150ms --control "$at" --ticker
down
echo "== 20 calls, 10 interruptions each and as many sounds without a word"
up
call --calls 20 --interruptions 10
down
