#!/bin/sh
# Install the system libraries that Qt loads, where they are missing and this is Debian or Ubuntu.
# Elsewhere it does nothing: Windows, macOS and desktop Linux have them.
set -eu
packages="libegl1 libgl1 libopengl0 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1 libglib2.0-0
libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0
libxcb-xinerama0 libxcb-xkb1 fonts-dejavu-core"
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $packages; do
    # Newer releases call some of them by another name, such as libglib2.0-0t64.
    if ! dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q '^install ok installed'; then
        missing="$missing $package"
    fi
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then
    run=""
elif command -v sudo >/dev/null 2>&1; then
    run="sudo"
else
    echo "Qt needs these packages; please install them as administrator:$missing" >&2
    exit 1
fi
echo "Installing system libraries for Qt:$missing" >&2
$run apt-get update -qq >&2
# shellcheck disable=SC2086 - a list of words is meant
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
