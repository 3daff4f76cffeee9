#!/usr/bin/env bash
# Builds the Go program of the measurements (bench/load; standard library only).
# With --print-path it prints the program.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

source_dir="$EDSM_ROOT/bench/load"
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off

compile() {
  cd "$source_dir"
  nice -n 5 go build -buildvcs=false -trimpath -p "${EDSM_JOBS:-$(nproc)}" -o "$1/load" .
}

build() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  rm -rf "$target.unfinished"
  mkdir -p "$target.unfinished"
  say "building the load generator, once: up to 1 minute"
  run_logged load compile "$target.unfinished"
  mv "$target.unfinished" "$target"
}

command -v go >/dev/null || die "the measurements need Go 1.26 or newer; there is no 'go' in PATH (https://go.dev/dl)"
target="$EDSM_CACHE/load-$(cd "$source_dir" && key_of "$(go env GOVERSION)" -- go.mod ./*.go)"
[[ -d "$target" ]] || with_lock load build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target/load"
