#!/usr/bin/env bash
# Builds the libraries that the static program needs and Debian ships only as
# shared ones (prometheus-cpp's core) or with everything there is: a libcurl for
# HTTP only and an OpenSSL for TLS 1.2 and 1.3 only. The first two are made from
# Debian's source packages, with Debian's patches, in the very versions whose
# headers are installed; OpenSSL from the newest original archive that Debian
# carries. The result is cached; a security update of a package makes a new one.
# With --print-path it prints the folder (include/, lib/, purls).
source "$(dirname "${BASH_SOURCE[0]}")/../setup/env.sh"

cc=clang-19 cxx=clang++-19
packages=(libcurl4-openssl-dev prometheus-cpp-dev)

# "curl=7.88.1-10+deb12u5": the source of each installed package.
mapfile -t sources < <(dpkg-query -W -f '${source:Package}=${source:Version}\n' "${packages[@]}")
(( ${#sources[@]} == ${#packages[@]} )) || die "missing Debian packages; run tools/setup/packages.sh"

# apt with lists of its own: the machine's sources, but deb-src, and only
# Debian's. Needs no root and leaves the system as it is.
private_apt() {
  apt-get -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" \
    -o APT::Sandbox::User="$(id -un)" "$@"
}

get_source() {
  local source="$1"
  # A superseded version leaves the archive at once: its successor has the same headers.
  private_apt --only-source source "$source" || private_apt --only-source source "${source%%=*}"
}

# What no TLS peer of today needs is left out; the assembler parts, which make it
# fast, stay. Places of certificates and the security level are Debian's.
build_openssl() {
  local left_out=(
    tests shared module dso engine legacy deprecated autoload-config async ui-console
    ssl3 tls1 tls1_1 dtls srp srtp psk nextprotoneg ocsp ct comp gost
    cms cmp ts rfc3779 cmac dsa dh ec2m sm2 sm3 sm4
    aria bf blake2 camellia cast des idea md4 mdc2 ocb rc2 rc4 rmd160 scrypt seed siphash siv whirlpool
  )
  cd "$work"/openssl-*/
  CC="$cc" CFLAGS="$flags -fno-asynchronous-unwind-tables" ./config --prefix="$work/out" --libdir=lib \
    --openssldir=/usr/lib/ssl -DOPENSSL_TLS_SECURITY_LEVEL=2 "${left_out[@]/#/no-}"
  make -s --jobs "${EDSM_JOBS:-$(nproc)}" build_generated libcrypto.a libssl.a
  make -s install_dev
  cd "$work"
}

get_openssl() {
  private_apt --tar-only source openssl && tar -xf openssl_*.orig.tar.gz
}

# For the list of the program's parts: which sources these libraries are made of.
write_purls() {
  local dsc name version
  for dsc in *.dsc; do
    IFS=_ read -r name version <<<"${dsc%.dsc}"
    printf 'pkg:deb/debian/%s@%s?arch=source\n' "$name" "$version"
  done
  for name in openssl-*/; do printf 'pkg:generic/openssl@%s\n' "$(basename "${name#openssl-}")"; done
}

build_curl() {
  # For speed: each request is put together and read by it, byte by byte. It costs 50 KB.
  cmake -S "$work"/curl-*/ -B "$work/build-curl" "${cmake_flags[@]}" -DCMAKE_C_FLAGS="$flags -O2" \
    -DBUILD_CURL_EXE=OFF -DBUILD_TESTING=OFF -DENABLE_MANUAL=OFF \
    -DHTTP_ONLY=ON -DCURL_USE_OPENSSL=ON -DOPENSSL_USE_STATIC_LIBS=ON -DOPENSSL_ROOT_DIR="$work/out" -DUSE_NGHTTP2=ON \
    -DENABLE_THREADED_RESOLVER=ON -DENABLE_UNIX_SOCKETS=OFF \
    -DCURL_ZLIB=OFF -DCURL_BROTLI=OFF -DCURL_ZSTD=OFF -DUSE_LIBIDN2=OFF \
    -DCURL_USE_LIBPSL=OFF -DCURL_USE_LIBSSH2=OFF -DCURL_USE_LIBSSH=OFF -DCURL_USE_GSSAPI=OFF \
    -DCURL_DISABLE_NTLM=ON -DCURL_DISABLE_COOKIES=ON -DCURL_DISABLE_NETRC=ON \
    -DCURL_DISABLE_ALTSVC=ON -DCURL_DISABLE_HSTS=ON \
    -DCURL_CA_BUNDLE=/etc/ssl/certs/ca-certificates.crt -DCURL_CA_PATH=none
  cmake --build "$work/build-curl" --target install --parallel "${EDSM_JOBS:-$(nproc)}"
}

build_prometheus() {
  cmake -S "$work"/prometheus-cpp-*/ -B "$work/build-prometheus" "${cmake_flags[@]}" \
    -DENABLE_PULL=OFF -DENABLE_PUSH=OFF -DENABLE_COMPRESSION=OFF -DENABLE_TESTING=OFF \
    -DUSE_THIRDPARTY_LIBRARIES=OFF -DGENERATE_PKGCONFIG=OFF
  cmake --build "$work/build-prometheus" --target install --parallel "${EDSM_JOBS:-$(nproc)}"
}

compile() {
  cd "$work"
  mkdir -p apt/lists/partial apt/cache/archives/partial
  apt-get indextargets 'Created-By: Packages' 'Origin: Debian' --format \
    'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(REPO_URI) $(RELEASE) $(COMPONENT)' |
    sort -u >apt/sources.list
  private_apt update
  for source in "${sources[@]}"; do get_source "$source"; done

  local flags='-Os -fPIC -fstack-protector-strong -D_FORTIFY_SOURCE=2 -ffunction-sections -fdata-sections'
  local cmake_flags=(-G Ninja -Wno-dev -DCMAKE_BUILD_TYPE=None -DBUILD_SHARED_LIBS=OFF
    -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_POSITION_INDEPENDENT_CODE=ON
    -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags"
    -DCMAKE_INSTALL_PREFIX="$work/out" -DCMAKE_INSTALL_LIBDIR=lib)
  shopt -s nullglob
  if get_openssl; then build_openssl; fi
  build_curl
  build_prometheus
  write_purls >"$work/out/purls"
}

build() {
  [[ -d "$target" ]] && return  # another run finished it while we waited
  work="$target.unfinished"
  rm -rf "$work"
  mkdir -p "$work"
  say "building the static libraries (${sources[*]}) from Debian's sources, once: about 4 minutes"
  run_logged static-libraries compile
  [[ -f "$work/out/lib/libssl.a" ]] ||
    say "no source of OpenSSL: Debian's archives are linked, and the program is larger by 1.5 MB"
  mv "$work/out" "$target"
  rm -rf "$work"
}

target="$EDSM_CACHE/static-$(key_of "${sources[@]}" "$(dpkg-query -W libssl-dev)" "$("$cxx" --version | head -n 1)" -- "${BASH_SOURCE[0]}")"
[[ -d "$target" ]] || with_lock static-libraries build
[[ "${1:-}" != --print-path ]] || printf '%s\n' "$target"
