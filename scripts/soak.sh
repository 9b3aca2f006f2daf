#!/bin/sh
# Takes away what calls stand on, at full scale, and prints what was lost. About an
# hour; every scenario has a short version among the tests.
#
#   KILLS=200 scripts/soak.sh
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM
go test -c -o "$dir/outage.test" ./loadtest/outage
cd loadtest/outage
status=0
# scenario NAMES FLAGS: one after the other, as they measure.
scenario() {
	names=$1
	shift
	if ! "$dir/outage.test" -test.run "$names" -test.v -test.timeout 2h -test.parallel 1 "$@" >"$dir/log" 2>&1; then
		cat "$dir/log"
		status=1
	fi
	sed -n 's/.*figure: //p' "$dir/log"
}
scenario 'KilledServer' -kills "${KILLS:-200}" -calls 20
scenario 'WithoutTheDatabase|Journal' -calls 20 -outage 20s
scenario 'WithoutRedis' -calls 20 -outage 60s
scenario 'DeadOne|OldOwner' -calls 10
scenario 'Poisoned' -calls 100
scenario 'OrderlyStop|SecondSignal' -calls 50
scenario 'LeaveNothing' -churn "${CHURN:-1000}"
exit $status
