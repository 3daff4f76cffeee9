#include "sync/digest.hpp"

#include <cstdint>

#include "base/crypto.hpp"

namespace edsm::sync {
namespace {

/// Length in front of each part, so that no two different data give the same bytes.
void append_part(base::SecretBytes& out, std::string_view part) {
  const std::uint64_t size = part.size();
  for (unsigned shift = 0; shift < 64; shift += 8)
    out.push_back(static_cast<char>(size >> shift & 0xFFU));
  out.append(part);
}

}  // namespace

std::string Digester::digest(const ShapedData& data) const {
  std::size_t total = data.type.size() + 8;
  for (const auto& [key, bytes] : data.items) total += key.size() + bytes.size() + 16;
  base::SecretBytes canonical;
  canonical.reserve(total);
  append_part(canonical, data.type);
  for (const auto& [key, bytes] : data.items) {
    append_part(canonical, key);
    append_part(canonical, bytes.view());
  }
  return key_id_ + ":" + base::hex(base::hmac_sha256(key_.view(), canonical.view()));
}

bool Digester::knows(std::string_view digest) const {
  return digest.size() > key_id_.size() && digest.starts_with(key_id_) &&
         digest[key_id_.size()] == ':';
}

std::string Digester::combine(std::string_view text) const {
  return base::hex(base::hmac_sha256(key_.view(), text)).substr(0, 20);
}

}  // namespace edsm::sync
