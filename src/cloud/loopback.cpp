#include "cloud/loopback.hpp"

#include <algorithm>

#include "cloud/text.hpp"

namespace edsm::cloud {

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1") return true;
  // All four parts: "127.evil.example" is a name.
  const auto parts = split(host, '.');
  return parts.size() == 4 && parts[0] == "127" && std::ranges::all_of(parts, is_digits);
}

}  // namespace edsm::cloud
