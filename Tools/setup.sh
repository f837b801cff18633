#!/bin/sh
# Installs the system packages that are missing; says nothing and changes nothing when all are there.
set -eu

packages="libpng-dev libjpeg-dev libcairo2-dev libfontconfig1-dev libopenblas-dev zlib1g-dev pkg-config fonts-dejavu-core"

if ! command -v swift >/dev/null 2>&1; then
    echo "setup: no 'swift' on the PATH; install a Swift 6.1 toolchain or newer from https://swift.org" >&2
    exit 2
fi
if ! command -v dpkg-query >/dev/null 2>&1; then
    for library in libpng libjpeg cairo fontconfig openblas zlib; do
        pkg-config --exists "$library" 2>/dev/null || {
            echo "setup: this is no Debian; install these or their like by hand: $packages" >&2
            exit 2
        }
    done
    exit 0
fi

missing=""
for package in $packages; do
    state=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
    case "$state" in *" installed") ;; *) missing="$missing $package" ;; esac
done
# Newer releases call pkg-config pkgconf, which provides it.
command -v pkg-config >/dev/null 2>&1 && missing=$(echo "$missing" | sed 's/ pkg-config//')
# The notebooks run in an environment of their own.
python3 -c "import venv, ensurepip" 2>/dev/null || missing="$missing python3-venv"
[ -n "$missing" ] || exit 0

as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "setup: not root and no sudo; as root, run: apt-get install$missing" >&2
        exit 2
    }
    as_root=sudo
fi
echo "setup: installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
