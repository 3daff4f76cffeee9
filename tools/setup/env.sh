# Shared by the scripts of this folder: source it, do not run it.
# Everything is cached outside the tree, so that a clean checkout stays warm.

# shellcheck shell=bash
set -euo pipefail

EDSM_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
EDSM_CACHE="${EDSM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/edsm}"
export EDSM_ROOT EDSM_CACHE
mkdir -p "$EDSM_CACHE/log"

# All talk goes to stderr: stdout belongs to --print-path.
say() { printf '%s\n' "edsm setup: $*" >&2; }
die() { say "$*"; exit 1; }

# with_lock NAME COMMAND...: one run of NAME at a time on this machine. The
# children inherit the lock's descriptor, so it lasts as long as any of them.
with_lock() {
  local name="$1"; shift
  exec {lock_fd}>"$EDSM_CACHE/$name.lock"
  if ! flock --nonblock "$lock_fd"; then
    say "$name: another run is at it, waiting for it"
    flock "$lock_fd"
  fi
  "$@"
  exec {lock_fd}>&-
}

# run_logged NAME COMMAND...: output goes to a log; every 30 s one line says
# that it is alive (with "$(progress LOG)", if the script defines progress);
# a failure shows the end of the log and where it is.
run_logged() {
  local name="$1" log="$EDSM_CACHE/log/$1.log" started=$SECONDS status=0 pid told=0
  shift
  set -m  # a process group of its own, so that all of it ends with us
  "$@" >"$log" 2>&1 </dev/null &
  pid=$!
  set +m
  # shellcheck disable=SC2064  # the pid of now is meant
  trap "kill -- -$pid 2>/dev/null || true" EXIT
  while kill -0 "$pid" 2>/dev/null; do
    sleep 0.2
    if (( SECONDS - started >= told + 30 )); then
      told=$(( SECONDS - started ))
      say "$name: ${told} s$(declare -F progress >/dev/null && progress "$log")"
    fi
  done
  wait "$pid" || status=$?
  trap - EXIT
  if (( status != 0 )); then
    say "$name failed (exit code $status). The end of $log:"
    tail -n 25 "$log" >&2
    return "$status"
  fi
}

# key_of WORDS... -- FILES...: a short hash that names one version of an output.
key_of() {
  local words=()
  while [[ "$1" != "--" ]]; do words+=("$1"); shift; done
  shift
  { printf '%s\n' "${words[@]}"; cat -- "$@"; } | sha256sum | cut -c1-16
}
