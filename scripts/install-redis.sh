#!/bin/sh
# Brings redis-server for the tests: what runs on the Redis in the process must run
# on a real one too. Nothing is done when it is there already.
#
#   scripts/install-redis.sh
#
# Root: apt-get installs it. Everybody else: the packages are unpacked into the
# cache folder. VANTAHIRE_NO_INSTALL=1 installs nothing and fails instead.
set -eu
name=install-redis
. "$(dirname "$0")/debian.sh"

if command -v redis-server >/dev/null 2>&1 || [ -x "$deb_root/usr/bin/redis-server" ]; then
	say "redis-server is there already"
	exit 0
fi
command -v apt-get >/dev/null 2>&1 || { say "no apt-get on this machine: install redis-server 7 to run the tests"; exit 1; }
refuse_if_forbidden redis-server
if [ "$(id -u)" = 0 ]; then
	# The package would start a server of its own; a policy that is there already stays.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e "$policy" ]; then
		trap 'rm -f "$policy"' EXIT
		printf '#!/bin/sh\nexit 101\n' >"$policy"
		chmod +x "$policy"
	fi
	apt_install redis-server
else
	# What the server needs and a base system lacks.
	apt_unpack redis-server redis-tools libjemalloc2 liblzf1 libatomic1 libssl3
fi
say "redis-server is ready"
