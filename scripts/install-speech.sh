#!/bin/sh
# Brings the local speech software: flite speaks, pocketsphinx hears. Without it
# candidates type and read. Nothing is done when it is there already.
#
#   scripts/install-speech.sh
#
# Root: apt-get installs it. Everybody else: the packages are unpacked into the
# cache folder. VANTAHIRE_NO_INSTALL=1 installs nothing and fails instead.
set -eu
name=install-speech
. "$(dirname "$0")/debian.sh"

triple=$(uname -m)-linux-gnu
# there ROOT: speech and its model lie below the folder.
there() {
	[ -e "$1/usr/lib/$triple/libflite_cmu_us_slt.so.1" ] && [ -e "$1/usr/lib/$triple/libpocketsphinx.so.3" ] &&
		[ -e "$1/usr/share/pocketsphinx/model/en-us/en-us.lm.bin" ]
}
if there "" || there "$deb_root"; then
	say "local speech is there already"
	exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
	say "no apt-get on this machine: candidates type and read; install flite and pocketsphinx with its en-us model to talk"
	exit 0
fi
refuse_if_forbidden "local speech"
if [ "$(id -u)" = 0 ]; then
	apt_install flite pocketsphinx pocketsphinx-en-us
else
	# What the libraries need and a base system lacks; 64-bit ARM has no libquadmath.
	[ "$(uname -m)" = x86_64 ] && quadmath=libquadmath0 || quadmath=
	# shellcheck disable=SC2086 # nothing where it is empty
	apt_unpack libflite1 libasound2 libpocketsphinx3 libsphinxbase3 pocketsphinx-en-us libblas3 liblapack3 libgfortran5 $quadmath
fi
there "" || there "$deb_root" || { say "the packages came, but speech is not complete"; exit 1; }
say "local speech is ready"
