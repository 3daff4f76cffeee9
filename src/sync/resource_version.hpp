#pragma once

#include <algorithm>
#include <string_view>

namespace edsm::sync {

/// Whether `a` is certainly older than `b`. Versions of one object in one cluster are growing
/// integers (guaranteed since Kubernetes 1.35); anything else is never older.
inline bool certainly_older(std::string_view a, std::string_view b) {
  const auto digits = [](std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  };
  if (!digits(a) || !digits(b)) return false;
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace edsm::sync
