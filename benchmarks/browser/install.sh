#!/usr/bin/env bash
# What the browser's benchmark needs: Chromium and the client library. Run by that benchmark.
set -euo pipefail
. "$(dirname "$0")/../../scripts/lib.sh"
cd "$ROOT/benchmarks/browser"

if ! command -v chromium >/dev/null 2>&1 && ! command -v google-chrome >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 ||
        die "This benchmark needs Chromium. Install it: sudo apt-get install chromium"
    say "Installing Debian's chromium ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; } >&2
fi

stamp=node_modules/.stamp
[ -r "$stamp" ] && cmp -s package-lock.json "$stamp" && exit
command -v npm >/dev/null 2>&1 || die "This benchmark needs npm. Install it: sudo apt-get install npm"
npm ci --silent --no-audit --no-fund >&2
cp package-lock.json "$stamp"
