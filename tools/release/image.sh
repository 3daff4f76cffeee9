#!/usr/bin/env bash
# Makes the container image, without Docker and without root's help: the static
# program, the CA certificates and two names in /etc, nothing else. In build/image:
#   layout       the image as an OCI layout, for skopeo (which can push it) and podman
#   edsm.tar     the same for `docker load` and `kind load image-archive`
#   edsm.cdx.json  what it is made of, as CycloneDX
# Equal inputs make an equal digest.
source "$(dirname "${BASH_SOURCE[0]}")/../setup/env.sh"

cd "$EDSM_ROOT"
version="$(sed -n 's/^project(edsm VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)"
[[ -n "$version" ]] || die "CMakeLists.txt names no version"
[[ -x build/edsm ]] || die "build/edsm is not there: 'make build' makes it"
SOURCE_DATE_EPOCH="${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}"
created="$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)"
architecture="$(dpkg --print-architecture)"
out=build/image
work="$out.unfinished"

# The image's only layer. Nothing in it tells when, where and by whom it was made.
make_layer() {
  local root="$1" layer="$2"
  install -D -m 755 build/edsm "$root/usr/bin/edsm"
  install -D -m 644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
  printf 'edsm:x:65532:65532:edsm:/:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'edsm:x:65532:\n' >"$root/etc/group"
  tar --create --file "$layer" --directory "$root" --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
    --owner=0 --group=0 --numeric-owner --mode=go-w etc usr
}

make_image() {
  local layout="$work/layout" image="$work/layout:$version"
  local history=(--no-history)
  make_layer "$work/root" "$work/layer.tar"
  umoci init --layout "$layout"
  umoci new --image "$image"
  umoci raw add-layer "${history[@]}" --image "$image" "$work/layer.tar"
  umoci config "${history[@]}" --image "$image" \
    --created "$created" --architecture "$architecture" --os linux \
    --config.user 65532:65532 --config.workingdir / \
    --config.entrypoint /usr/bin/edsm --config.cmd run \
    --config.exposedports 8080/tcp --config.exposedports 8081/tcp \
    --config.label org.opencontainers.image.title=edsm \
    --config.label org.opencontainers.image.description="Event-Driven Secrets Manager" \
    --config.label org.opencontainers.image.licenses=Apache-2.0 \
    --config.label org.opencontainers.image.version="$version"
  umoci gc --layout "$layout"
  skopeo copy --insecure-policy "oci:$image" "docker-archive:$work/edsm.tar:edsm:$version"
}

# The program runs from the image's files alone, as the image's user.
check_image() {
  umoci unpack --rootless --image "$work/layout:$version" "$work/bundle"
  local inside=(unshare --map-user=65532 --map-group=65532 --root="$work/bundle/rootfs" /usr/bin/edsm)
  [[ "$("${inside[@]}" version)" == *"$version"* ]]
}

tools/setup/packages.sh
rm -rf "$work"
mkdir -p "$work"
run_logged image make_image
run_logged image-check check_image
rm -rf "$work/bundle"
tools/release/sbom.py --version "$version" --created "$created" >"$work/edsm.cdx.json"
rm -rf "$work/root" "$work/layer.tar" "$out"
mv "$work" "$out"
layers="$(stat -c %s "$out"/layout/blobs/sha256/* | awk '{ sum += $1 } END { print int(sum / 1024) }')"
say "build/image: edsm:$version for $architecture, ${layers} KB compressed"
