#!/usr/bin/env bash
# Makes a kind cluster, if there is none yet, and installs CRD and permissions.
# The controller itself does not run in it yet: there is no image to load.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cluster="${KIND_CLUSTER:-edsm}"

need() {
  command -v "$1" >/dev/null || { echo "edsm kind: '$1' is missing: $2" >&2; exit 1; }
}
need docker "kind runs its nodes in Docker; see https://docs.docker.com/engine/install"
need kind "see https://kind.sigs.k8s.io/docs/user/quick-start (or: go install sigs.k8s.io/kind@latest)"
need kubectl "see https://kubernetes.io/docs/tasks/tools"
docker info >/dev/null 2>&1 || {
  echo "edsm kind: Docker is installed, but its daemon does not answer ('docker info' says why)" >&2
  exit 1
}

kind get clusters 2>/dev/null | grep -qx "$cluster" || kind create cluster --name "$cluster" --wait 120s
kubectl --context "kind-$cluster" apply --server-side -f config/install.yaml
kubectl --context "kind-$cluster" wait --for condition=Established --timeout 60s \
  crd/eventdrivensecrets.secrets.edsm.io

cat <<END

The cluster kind-$cluster knows EventDrivenSecrets now. There is no container image yet; run the
controller on this machine:

  make build
  kubectl config use-context kind-$cluster
  SQS_QUEUE_URL=... build/edsm run

Remove the cluster: kind delete cluster --name $cluster
END
