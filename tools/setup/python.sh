#!/usr/bin/env bash
# Makes the virtual environment of the integration tests and the demo (AWS
# emulators, Google's and Microsoft's clients, pytest) from the pins in tests/requirements.txt.
# With --print-path it prints the environment's folder.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

requirements="$EDSM_ROOT/tests/requirements.txt"

make_venv() {
  "$python" -m venv "$1"
  "$1/bin/pip" install --disable-pip-version-check --no-input --no-deps --requirement "$requirements"
  "$1/bin/pip" check
}

build() {
  [[ -f "$target/.complete" ]] && return  # another run finished it while we waited
  say "installing the Python packages of the tests, once: about 1 minute"
  # A virtual environment cannot be moved, so completeness is a mark inside.
  rm -rf "$target"
  run_logged python make_venv "$target"
  touch "$target/.complete"
}

python="$(command -v python3)" || die "python3 is missing"
version="$("$python" -c 'import sys; print(*sys.version_info[:3], sys.executable)')"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || die "Python 3.11 or newer is needed, this is $version"
target="$EDSM_CACHE/venv-$(key_of "$version" -- "$requirements")"
[[ -f "$target/.complete" ]] || with_lock python build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target"
