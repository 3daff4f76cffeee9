#pragma once

#include <string>
#include <string_view>

#include "base/secret.hpp"
#include "sync/shape.hpp"

namespace edsm::sync {

/// Computes digests of shaped data: "<key id>:<HMAC-SHA-256 in hex>". The key makes a digest
/// useless for guessing values and impossible to forge; its id tells digests of a lost key from
/// wrong ones.
class Digester {
 public:
  Digester(std::string key_id, base::SecretBytes key)
      : key_id_(std::move(key_id)), key_(std::move(key)) {}

  std::string digest(const ShapedData& data) const;
  /// Whether `digest` was made with this key (whatever it was made of).
  bool knows(std::string_view digest) const;
  /// One short word for a set of digests, for pod templates.
  std::string combine(std::string_view text) const;

 private:
  std::string key_id_;
  base::SecretBytes key_;
};

}  // namespace edsm::sync
