#!/usr/bin/env bash
# Builds the control plane for demo and tests (etcd, kube-apiserver,
# kube-controller-manager, kubectl, kwok) from Go modules.
# With --print-path it prints the folder that holds the programs.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

source_dir="$EDSM_ROOT/tools/controlplane"
stages=(
  node/fast/node-initialize.yaml
  node/heartbeat-with-lease/node-heartbeat-with-lease.yaml
  pod/fast/pod-ready.yaml
  pod/fast/pod-complete.yaml
  pod/fast/pod-delete.yaml
)

export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off

check_go() {
  command -v go >/dev/null || die "the control plane needs Go 1.26 or newer; there is no 'go' in PATH (https://go.dev/dl)"
  # Outside of a module: inside of one an old Go only complains about go.mod.
  go_version="$(cd / && go env GOVERSION)"
  local numbers="${go_version#go}"
  [[ "$(printf '1.26\n%s\n' "$numbers" | sort -V | head -n 1)" == 1.26 ]] ||
    die "the control plane needs Go 1.26 or newer, 'go' in PATH is $numbers (https://go.dev/dl)"
}

progress() {
  local compiled
  compiled="$(grep -cv '^go: ' "$1" || true)"
  if (( compiled == 0 )); then printf ', downloading modules'; else printf ', %s of about 3370 packages compiled' "$compiled"; fi
}

compile() {
  local out="$1" stamp=k8s.io/component-base/version
  cd "$source_dir"
  nice -n 5 go build -v -buildvcs=false -trimpath -p "${EDSM_JOBS:-$(nproc)}" -o "$out/bin/controlplane" -ldflags \
    "-s -w -X $stamp.gitVersion=v1.37.2 -X $stamp.gitMajor=1 -X $stamp.gitMinor=37" .
  for name in etcd kube-apiserver kube-controller-manager kubectl; do
    ln -s controlplane "$out/bin/$name"
  done
  cd kwok
  nice -n 5 go build -v -buildvcs=false -trimpath -p "${EDSM_JOBS:-$(nproc)}" -o "$out/bin/kwok" \
    -ldflags "-s -w" sigs.k8s.io/kwok/cmd/kwok
  local kwok_source
  kwok_source="$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)"
  mkdir "$out/stages"
  for stage in "${stages[@]}"; do
    install -m 644 "$kwok_source/kustomize/stage/$stage" "$out/stages/"
  done
}

build() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  local unfinished="$target.unfinished"
  rm -rf "$unfinished"
  mkdir -p "$unfinished/bin"
  say "building the control plane (etcd, Kubernetes 1.37, kwok) from Go modules, once: about 10 minutes on 2 cores"
  local started=$SECONDS
  run_logged controlplane compile "$unfinished"
  mv "$unfinished" "$target"
  say "control plane built in $(( SECONDS - started )) s"
}

check_go
target="$EDSM_CACHE/controlplane-$(cd "$source_dir" && key_of "$go_version" "${stages[@]}" -- \
  main.go go.mod go.sum kwok/go.mod kwok/go.sum)"
[[ -d "$target" ]] || with_lock controlplane build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target/bin"
