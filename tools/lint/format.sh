#!/usr/bin/env bash
# Formats the C++ sources in place, or with --check only says which are not.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mode=(-i)
[[ "${1:-}" != --check ]] || mode=(--dry-run --Werror)
mapfile -t files < <(find src tests fuzz bench tools -name '*.[ch]pp' -not -path '*/build/*' 2>/dev/null | sort)
clang-format-19 "${mode[@]}" "${files[@]}"
