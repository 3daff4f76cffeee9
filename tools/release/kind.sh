#!/usr/bin/env bash
# Makes a kind cluster, if there is none yet, loads the image of build/image into it and installs the
# chart. SQS_QUEUE_URL and AWS_* of the environment are handed to the controller.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

cluster="${KIND_CLUSTER:-edsm}"

need() {
  command -v "$1" >/dev/null || { echo "edsm kind: '$1' is missing: $2" >&2; exit 1; }
}
need docker "kind runs its nodes in Docker; see https://docs.docker.com/engine/install"
need kind "see https://kind.sigs.k8s.io/docs/user/quick-start (or: go install sigs.k8s.io/kind@latest)"
need helm "see https://helm.sh/docs/intro/install"
[[ -f build/image/edsm.tar ]] || { echo "edsm kind: build/image/edsm.tar is not there: 'make image' makes it" >&2; exit 1; }
[[ -n "${SQS_QUEUE_URL:-}" ]] || { echo "edsm kind: set SQS_QUEUE_URL (examples/terraform/aws-prerequisites makes the queue)" >&2; exit 1; }
docker info >/dev/null 2>&1 || {
  echo "edsm kind: Docker is installed, but its daemon does not answer ('docker info' says why)" >&2
  exit 1
}

kind get clusters 2>/dev/null | grep -qx "$cluster" || kind create cluster --name "$cluster" --wait 120s
kind load image-archive --name "$cluster" build/image/edsm.tar

# Values go by a file that only we can read, not by the command line, which all can.
environment="$(mktemp)"
trap 'rm -f "$environment"' EXIT
version="$(sed -n 's/^project(edsm VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
python3 - <<'END' >"$environment"
import json, os
names = [name for name in sorted(os.environ) if name == "SQS_QUEUE_URL" or name.startswith("AWS_")]
print(json.dumps({"extraEnv": [{"name": name, "value": os.environ[name]} for name in names]}))
END
helm upgrade --install edsm charts/k8s-event-driven-secrets --kube-context "kind-$cluster" \
  --namespace kube-system --set image.repository=edsm --set "image.tag=$version" \
  --set image.pullPolicy=Never --values "$environment" --wait --timeout 120s

cat <<END

EDSM runs in the cluster kind-$cluster:

  kubectl --context kind-$cluster --namespace kube-system logs deployment/edsm-k8s-event-driven-secrets

Remove the cluster: kind delete cluster --name $cluster
END
