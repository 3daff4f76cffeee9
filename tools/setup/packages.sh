#!/usr/bin/env bash
# Installs the Debian packages that building and testing needs, and only those
# that are missing.
source "$(dirname "${BASH_SOURCE[0]}")/env.sh"

packages=(
  # compiler, checks, build
  clang-19 lld-19 clang-tidy-19 clang-format-19 clang-tools-19 libclang-rt-19-dev llvm-19
  cmake ninja-build ccache pkg-config dpkg-dev git ca-certificates
  # libraries
  libboost1.81-dev libboost-json1.81-dev libcurl4-openssl-dev libssl-dev libnghttp2-dev
  libfmt-dev libcli11-dev libyaml-cpp-dev prometheus-cpp-dev zlib1g-dev
  # tests
  libgtest-dev libgmock-dev libfaketime python3-venv zsh fish
  # image
  skopeo umoci
)

# Sets `missing`: the wanted packages that are not installed.
find_missing() {
  local installed
  installed="$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${packages[@]}" 2>/dev/null |
    awk '$2 == "installed" { print $1 }' || true)"
  mapfile -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort -u) <(sort -u <<<"$installed"))
}

apt_install() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -o DPkg::Lock::Timeout=300 update
  apt-get -o DPkg::Lock::Timeout=300 install --yes --no-install-recommends "${missing[@]}"
}

install_missing() {
  find_missing  # again: another run may have installed them while we waited
  (( ${#missing[@]} )) || return 0
  say "installing ${#missing[@]} Debian packages (${missing[*]}), once: up to 3 minutes"
  run_logged packages apt_install
}

command -v dpkg-query >/dev/null ||
  die "this is not a Debian system; install by hand what corresponds to: ${packages[*]}"
find_missing
(( ${#missing[@]} )) || exit 0
(( EUID == 0 )) || die "not root, and Debian packages are missing: sudo apt-get install ${missing[*]}"
with_lock packages install_missing
