#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <string>

namespace edsm::base {

/// Namespace and name of a Kubernetes object whose kind is known from the context.
struct ObjectKey {
  std::string ns;
  std::string name;

  std::string str() const { return ns + "/" + name; }
  auto operator<=>(const ObjectKey&) const = default;
};

struct ObjectKeyHash {
  std::size_t operator()(const ObjectKey& key) const {
    return std::hash<std::string>()(key.ns) * 31 + std::hash<std::string>()(key.name);
  }
};

}  // namespace edsm::base
