#pragma once

#include <compare>
#include <cstddef>
#include <string>

#include "base/text.hpp"

namespace edsm::base {

/// Namespace and name of a Kubernetes object whose kind is known from the context.
struct ObjectKey {
  Text ns;
  Text name;

  std::string str() const { return ns.str().append("/").append(name); }
  auto operator<=>(const ObjectKey&) const = default;
};

struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const noexcept {
    return key.ns.hash() * 31 + key.name.hash();
  }
};

}  // namespace edsm::base
