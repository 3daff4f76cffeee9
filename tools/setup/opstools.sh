#!/usr/bin/env bash
# Builds what people install and watch EDSM with, for the tests of the chart, the rules and the Terraform
# example: helm and promtool from their Go modules, and our stand-in for Terraform's providers. Beside
# them lie the Prometheus operator's definitions.
# With --print-path it prints the folder that holds the programs.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

source_dir="$EDSM_ROOT/tools/opstools"
definitions=(servicemonitors prometheusrules)

export CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly GOWORK=off

progress() { printf ', %s of about 1700 packages compiled' "$(grep -cv '^go: ' "$1" || true)"; }

compile() {
  local out="$1"
  local build=(nice -n 5 go build -v -buildvcs=false -trimpath -p "${EDSM_JOBS:-$(nproc)}" -ldflags "-s -w")
  cd "$source_dir/helm"
  "${build[@]}" -o "$out/bin/helm" helm.sh/helm/v4/cmd/helm
  # Without service discovery, which is most of it and of no use to checks of rules.
  cd "$source_dir/promtool"
  "${build[@]}" -tags remove_all_sd -o "$out/bin/promtool" github.com/prometheus/prometheus/cmd/promtool
  cd "$source_dir/terraform-provider"
  "${build[@]}" -o "$out/terraform/terraform-provider-aws" .
  local cloud
  for cloud in google azurerm; do
    ln -s terraform-provider-aws "$out/terraform/terraform-provider-$cloud"  # it looks at its name
  done
  cd "$source_dir/crds"
  go mod download
  local operator name
  operator="$(go list -m -f '{{.Dir}}' github.com/prometheus-operator/prometheus-operator)"
  mkdir "$out/crds"
  for name in "${definitions[@]}"; do
    install -m 644 "$operator/example/prometheus-operator-crd/monitoring.coreos.com_$name.yaml" "$out/crds/"
  done
}

build() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  local unfinished="$target.unfinished"
  rm -rf "$unfinished"
  mkdir -p "$unfinished/bin"
  say "building helm and promtool from Go modules, once: about 5 minutes on 2 cores"
  local started=$SECONDS
  run_logged opstools compile "$unfinished"
  mv "$unfinished" "$target"
  say "helm and promtool built in $(( SECONDS - started )) s"
}

command -v go >/dev/null || die "helm and promtool need Go 1.26 or newer; there is no 'go' in PATH (https://go.dev/dl)"
target="$EDSM_CACHE/opstools-$(cd "$source_dir" && key_of "$(cd / && go env GOVERSION)" "${definitions[@]}" -- \
  */go.mod */go.sum terraform-provider/*.go)"
[[ -d "$target" ]] || with_lock opstools build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target/bin"
