#!/bin/sh
# Makes ./configure from configure.ac. Only a checkout needs it; a release tarball has it already.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux m4
exec autoreconf --install --force --warnings=all
