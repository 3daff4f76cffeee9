#!/usr/bin/env bash
# Builds what stands in for Google Cloud in the tests (tests/bed/gcpbed) from Go modules.
# With --print-path it prints the program.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

source_dir="$EDSM_ROOT/tests/bed/gcpbed"
export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off

progress() { printf ', %s of about 500 packages compiled' "$(grep -cv '^go: ' "$1" || true)"; }

compile() {
  cd "$source_dir"
  nice -n 5 go build -v -buildvcs=false -trimpath -p "${EDSM_JOBS:-$(nproc)}" -ldflags "-s -w" -o "$1/gcpbed" .
}

build() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  rm -rf "$target.unfinished"
  mkdir -p "$target.unfinished"
  say "building the stand-in for Google Cloud from Go modules, once: about 1 minute"
  run_logged gcpbed compile "$target.unfinished"
  mv "$target.unfinished" "$target"
}

command -v go >/dev/null || die "the tests need Go 1.26 or newer; there is no 'go' in PATH (https://go.dev/dl)"
target="$EDSM_CACHE/gcpbed-$(cd "$source_dir" && key_of "$(go env GOVERSION)" -- go.mod go.sum ./*.go)"
[[ -d "$target" ]] || with_lock gcpbed build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target/gcpbed"
