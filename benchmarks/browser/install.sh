#!/usr/bin/env bash
# What the benchmarks in a browser need: Chromium, and the packages of our SDK. Run by them.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

has_chromium || install_debian chromium
has_chromium || die "This benchmark needs Chromium. Install it: sudo apt-get install chromium"
ensure_packages clients/js
