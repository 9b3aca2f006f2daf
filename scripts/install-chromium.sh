#!/bin/sh
# Brings Chromium for the tests: pages of another origin must be able to call every
# route, and only a browser can say whether they are. Nothing is done when it is there
# already.
#
#   scripts/install-chromium.sh
#
# Root: apt-get installs it. Everybody else: the packages are unpacked into the cache
# folder, with the libraries that this system lacks (some 300 MB). VANTAHIRE_NO_INSTALL=1
# installs nothing and fails instead.
set -eu
name=install-chromium
. "$(dirname "$0")/debian.sh"

find_chromium() {
	for program in chromium chromium-browser google-chrome "$deb_root/usr/lib/chromium/chromium"; do
		command -v "$program" >/dev/null 2>&1 && return 0
	done
	return 1
}

if find_chromium; then
	say "a browser is there already"
	exit 0
fi
command -v apt-get >/dev/null 2>&1 || { say "no apt-get on this machine: install Chromium or Google Chrome to run the tests"; exit 1; }
refuse_if_forbidden chromium
trap '[ $? = 0 ] || say "no Chromium came: install Chromium or Google Chrome by hand to run the tests"' EXIT
if [ "$(id -u)" = 0 ]; then
	apt_install chromium
else
	apt_unpack_whole chromium
fi
# Some systems have a package of the name that holds no browser.
find_chromium
say "chromium is ready"
