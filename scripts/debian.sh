# Shared by the install scripts; sourced, not run. Brings Debian packages: as root
# by apt-get, otherwise unpacked into the user's cache folder, where the program
# looks for them. Needs nothing but apt and dpkg-deb.

if [ "$(id -u)" = 0 ] && [ -z "${XDG_CACHE_HOME:-}" ]; then
	vantahire_cache=${HOME:-/root}/.cache/vantahire
else
	vantahire_cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/vantahire
fi
deb_root=$vantahire_cache/deb

say() { printf '%s\n' "$name: $*" >&2; }

# refuse_if_forbidden WHAT: ends the script when installing was forbidden.
refuse_if_forbidden() {
	[ "${VANTAHIRE_NO_INSTALL:-}" != 1 ] || {
		say "$1 is missing, and VANTAHIRE_NO_INSTALL=1 forbids to bring it"
		exit 1
	}
}

# apt_install PACKAGES: as root.
apt_install() {
	say "running apt-get install $* (VANTAHIRE_NO_INSTALL=1 forbids this)"
	install="apt-get install -y -qq --no-install-recommends"
	# shellcheck disable=SC2086 # words are meant to split
	DEBIAN_FRONTEND=noninteractive $install "$@" >/dev/null 2>&1 && return 0
	apt-get update -qq >/dev/null 2>&1
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive $install "$@" >/dev/null
}

# apt_unpack PACKAGES: downloads the packages and unpacks them into deb_root. apt
# keeps its state in the cache folder, so that nothing of the system is touched.
apt_unpack() { unpack "" "$@"; }

# apt_unpack_whole PACKAGES: as apt_unpack, with all that they need and this system
# lacks.
apt_unpack_whole() { unpack whole "$@"; }

unpack() {
	how=$1
	shift
	say "downloading $* into $deb_root"
	state=$vantahire_cache/apt
	mkdir -p "$deb_root" "$state/lists/partial" "$state/archives/partial" "$state/debs"
	set -- -o Dir::State::Lists="$state/lists" -o Dir::Cache="$state" -o Dir::Cache::archives="$state/archives" \
		-o Debug::NoLocking=1 -o APT::Sandbox::User="$(id -un)" -- "$@"
	options=""
	while [ "$1" != -- ]; do options="$options $1"; shift; done
	shift
	# shellcheck disable=SC2086
	apt-get $options update -qq >/dev/null
	if [ "$how" = whole ]; then
		# shellcheck disable=SC2046,SC2086
		set -- $(apt-get $options install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\).*/\1/p')
	fi
	# shellcheck disable=SC2086
	(cd "$state/debs" && apt-get $options download -qq "$@" >/dev/null)
	for deb in "$state"/debs/*.deb; do
		dpkg-deb -x "$deb" "$deb_root"
	done
	rm -rf "$state"
}
