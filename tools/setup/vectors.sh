#!/usr/bin/env bash
# Fetches AWS's published SigV4 test suite, which botocore's source package on
# PyPI carries, and links it into tests/vectors/sigv4.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

version="$(sed -n 's/^botocore==//p' "$EDSM_ROOT/tests/requirements.txt")"
target="$EDSM_CACHE/botocore-$version-vectors"

fetch() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  say "fetching the signature test vectors, once: about 20 seconds"
  run_logged vectors download
}

download() {
  local work
  work="$(mktemp -d "$EDSM_CACHE/vectors.XXXXXX")"
  "$("$EDSM_ROOT/tools/setup/python.sh" --print-path)/bin/pip" download --disable-pip-version-check --no-input \
    --no-deps --no-binary botocore --dest "$work" "botocore==$version"
  mkdir "$work/suite"
  tar --extract --gzip --file "$work"/botocore-*.tar.gz --directory "$work/suite" --strip-components=5 \
    --wildcards '*/tests/unit/auth/aws4_testsuite/*'
  mv "$work/suite" "$target"
  rm -rf "$work"
}

[[ -d "$target" ]] || with_lock vectors fetch
ln -sfn "$target" "$EDSM_ROOT/tests/vectors/sigv4/aws4_testsuite"
