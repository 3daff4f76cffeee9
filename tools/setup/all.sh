#!/usr/bin/env bash
# Everything that building, testing and the demo need. Quick when it is there.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

for part in packages python vectors controlplane gcpbed; do
  "$EDSM_ROOT/tools/setup/$part.sh"
done
