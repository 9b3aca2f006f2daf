#!/bin/sh
# Measures the REST API on this machine alone, with real PostgreSQL and Redis: six
# common reads at 20 and 100 users and at a rate that is offered, a bare handler as
# control, then 200 MB posted to every route with a body and 100 downloads at once.
#
#   DURATION=10s RATE=1000 scripts/rest.sh
#
# PROFILE=file keeps a processor profile of the server under the reads. Everything it
# needs is started on free ports and in a data folder of its own, and ended again.
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
chmod 755 "$dir"
redis=''
server=''
control=''
finish() {
	status=$?
	for pid in $server $control $redis; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	rm -rf "$dir"
	exit $status
}
trap finish EXIT INT TERM

# until_line FILE PATTERN: waits for a line and prints what the pattern's group found.
until_line() {
	for _ in $(seq 1 600); do
		found=$(sed -n "s#$2#\\1#p" "$1" | head -n 1)
		[ -z "$found" ] || { echo "$found"; return; }
		sleep 0.1
	done
	echo "rest: it does not start:" >&2
	cat "$1" >&2
	return 1
}

# A port that somebody else took meanwhile ends Redis at once; another is tried.
for _ in 1 2 3 4 5; do
	port=$(awk 'BEGIN { srand(); print 20000 + int(rand() * 10000) }')
	redis-server --port "$port" --bind 127.0.0.1 --save '' --dir "$dir" >"$dir/redis.log" 2>&1 &
	redis=$!
	sleep 1
	kill -0 "$redis" 2>/dev/null && break
	redis=''
done
[ -n "$redis" ] || { echo "rest: Redis does not start" >&2; cat "$dir/redis.log" >&2; exit 1; }

go build -o "$dir/rest" ./scripts/rest
export E2E_AUTH_TOKEN=rest-test-token
PORT=0 VANTAHIRE_DATA_DIR="$dir/data" REDIS_URL="redis://127.0.0.1:$port" VANTAHIRE_LOCAL_CALLS=0 VANTAHIRE_VAD=energy \
	VANTAHIRE_LOG_LEVEL=warn VANTAHIRE_PPROF=true ./bin/vantahire serve >"$dir/server.log" 2>&1 &
server=$!
url=$(until_line "$dir/server.log" '.*listens on \(http://[0-9.]*:[0-9]*\).*')
"$dir/rest" -serve >"$dir/control.log" 2>&1 &
control=$!
control_url=$(until_line "$dir/control.log" '.*listens on \(http://[0-9.]*:[0-9]*\).*')

if [ -n "${PROFILE:-}" ]; then
	# In the middle of the reads: the control comes first.
	(sleep "${PROFILE_AFTER:-40}"; curl -fsS -o "$PROFILE" "$url/debug/pprof/profile?seconds=20") &
fi
status=0
echo "== reads"
"$dir/rest" -server "$url" -pid "$server" -control "$control_url" -control-pid "$control" -duration "${DURATION:-10s}" -rate "${RATE:-1000}" || status=1
echo "== too much"
"$dir/rest" -server "$url" -pid "$server" -abuse || status=1
exit $status
