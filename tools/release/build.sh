#!/usr/bin/env bash
# Builds what users run: build/edsm, optimised and stripped. By default it is
# one file without any shared library; STATIC=0 links Debian's shared libraries.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/env.sh"

cd "$EDSM_ROOT"
if [[ "${STATIC:-1}" == 1 ]]; then
  prefix="$(tools/release/static-libraries.sh --print-path)" ||
    die "the static libraries cannot be built (see above); 'make build STATIC=0' does without them"
  kind=static flags=(-DEDSM_STATIC=ON -DEDSM_STATIC_PREFIX="$prefix")
else
  kind=shared flags=(-DEDSM_STATIC=OFF)
fi

folder="build/release-$kind"
run_logged configure cmake --preset release -B "$folder" "${flags[@]}"
ninja -C "$folder" -j "${EDSM_JOBS:-$(nproc)}" edsm
install -m 755 "$folder/edsm" build/edsm
say "build/edsm: $kind, $(( $(stat -c %s build/edsm) / 1024 )) KB"
