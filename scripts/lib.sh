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

# Nothing of what the stamp stands for has changed since it was set.
is_current() { # STAMP PATH...
    local stamp=$1
    shift
    [ -e "$stamp" ] && [ -z "$(find "$@" -newer "$stamp" -print -quit)" ]
}

# Pack the browser SDK as npm would publish it: for the example pages, and for those of `reactor init --frontend`.
ensure_sdk() {
    local sdk=$ROOT/clients/js packed=$ROOT/cli/reactor_cli/sdk
    is_current "$packed"/*.tgz "$sdk/src" "$sdk/package.json" "$sdk/tsup.config.ts" "$sdk/README.md" && return
    PATH=$ROOT/.venv/bin:$PATH command -v npm >/dev/null || die "Packing the browser SDK takes Node 20 or newer: https://nodejs.org"
    ensure_packages clients/js
    say "Packing the browser SDK ..."
    mkdir -p "$packed"
    rm -f "$packed"/*.tgz
    (cd "$sdk" && PATH=$sdk/node_modules/.bin:$ROOT/.venv/bin:$PATH &&
        tsup --silent && npm pack --silent --pack-destination "$packed") >&2 || die "The browser SDK can't be packed."
}

# Build an example page with the SDK of this clone.
ensure_example() { # NAME SOURCE BUILT
    local folder=clients/js/examples/$1
    local source=$ROOT/$folder/$2 stamp=$ROOT/$folder/$3/.stamp installed=$ROOT/$folder/node_modules/.stamp
    ensure_sdk
    is_current "$installed" "$ROOT/cli/reactor_cli/sdk" || rm -f "$installed"
    ensure_packages "$folder"
    is_current "$stamp" "$installed" "$source" "$ROOT/$folder"/*.* && return
    say "Building $folder ..."
    (cd "$ROOT/$folder" && PATH=$ROOT/.venv/bin:$PATH NEXT_TELEMETRY_DISABLED=1 npm run --silent build) >&2 ||
        die "$folder can't be built."
    touch "$stamp"
}

# Build the page that the coordinator serves, where its sources are newer. Without Node and a network all else runs.
ensure_studio() { # PYTHON
    local stamp=$ROOT/coordinator/reactor_coordinator/studio/.stamp sources=$ROOT/studio
    [ -d "$sources/src" ] || return 0
    is_current "$stamp" "$sources"/{src,index.html,vite.config.ts,package-lock.json} "$ROOT/clients/js/src" && return
    "$1" -I "$sources/build.py"
}

has_chromium() { command -v chromium >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1; }
