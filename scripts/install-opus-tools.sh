#!/bin/sh
# Brings opusenc and opusdec for the tests: the speech-like code must survive the
# codec of browsers. Nothing is done when they are there already.
#
#   scripts/install-opus-tools.sh
#
# Root: apt-get installs them. Everybody else: the packages are unpacked into the
# cache folder. VANTAHIRE_NO_INSTALL=1 installs nothing and fails instead.
set -eu
name=install-opus-tools
. "$(dirname "$0")/debian.sh"

if command -v opusenc >/dev/null 2>&1 && command -v opusdec >/dev/null 2>&1 || [ -x "$deb_root/usr/bin/opusdec" ]; then
	say "opusenc and opusdec are there already"
	exit 0
fi
command -v apt-get >/dev/null 2>&1 || { say "no apt-get on this machine: install opus-tools to run the tests"; exit 1; }
refuse_if_forbidden opus-tools
if [ "$(id -u)" = 0 ]; then
	apt_install opus-tools
else
	# What the programs need and a base system lacks.
	apt_unpack opus-tools libflac12 libogg0 libopus0 libopusenc0 libopusfile0 libssl3
fi
say "opusenc and opusdec are ready"
