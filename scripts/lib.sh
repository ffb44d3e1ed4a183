# What the scripts share: the Python environment in .venv. Read by bash 3.2 and later (macOS has no newer one).
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$@"
    exit 1
}

# The environment is as the dependency file wants it. Runs no program: this is what every start pays for.
is_fresh() { # EXTRA
    local stamp=$ROOT/.venv/.stamp-$1
    [ -x "$ROOT/.venv/bin/python" ] && [ -r "$stamp" ] &&
        [ "$(<"$stamp")" = "$ROOT"$'\n'"$(<"$ROOT/pyproject.toml")" ]
}

# An interpreter that can make the environment: new enough, and with ensurepip unless uv does without.
find_python() {
    local name needs="import sys; sys.exit(sys.version_info < (3, 11))" tools="import ensurepip, venv"
    command -v uv >/dev/null 2>&1 && tools=
    for name in python3.13 python3.12 python3.11 python3 python; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c "$tools"$'\n'"$needs" >/dev/null 2>&1; then
            command -v "$name"
            return
        fi
    done
    return 1
}

no_python() {
    local what="Python 3.11 or newer with its venv module is needed; tried python3.13, python3.12, python3.11, python3."
    case $(uname) in
        Darwin) die "$what Install it: brew install python@3.13" ;;
        *) die "$what Install it: sudo apt-get install python3-venv (Debian 12, Ubuntu 24.04 or newer), or https://docs.astral.sh/uv" ;;
    esac
}

# What a Debian machine lacks for tests and checks is ours to add, where we may.
install_debian() { # PACKAGE
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 || return 0
    say "Installing Debian's $1 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$1"; } >&2
}

# Make or renew .venv with the packages of EXTRA (all, or dev for tests and checks).
ensure_environment() { # EXTRA
    local python
    is_fresh "$1" && return
    if ! python=$(find_python); then
        if [ "$1" = dev ]; then install_debian python3-venv; fi
        python=$(find_python) || no_python
    fi
    "$python" -I "$ROOT/scripts/environment.py" "$1" || exit $?
}

# Have a Node project's packages as its lock file wants them. Node comes with the environment of `dev`.
ensure_packages() { # FOLDER
    local stamp=$ROOT/$1/node_modules/.stamp
    [ -r "$stamp" ] && cmp -s "$ROOT/$1/package-lock.json" "$stamp" && return
    say "Installing the packages of $1 ..."
    (cd "$ROOT/$1" && PATH=$ROOT/.venv/bin:$PATH npm ci --silent --no-audit --no-fund) >&2 || die "npm ci failed in $1."
    cp "$ROOT/$1/package-lock.json" "$stamp"
}

has_chromium() { command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
