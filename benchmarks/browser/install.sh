#!/usr/bin/env bash
# What the browser's benchmark needs: Chromium and the client library. Run by that benchmark.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"

has_chromium || install_debian chromium
has_chromium || die "This benchmark needs Chromium. Install it: sudo apt-get install chromium"
ensure_packages benchmarks/browser
