#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace edsm::cloud::aws {

/// A range of IP addresses in CIDR form, "10.0.0.0/8" or "fd00::/8".
class AddressRange {
 public:
  static std::optional<AddressRange> parse(std::string_view text);
  /// False for what is no address, or one of the other version of IP.
  bool contains(std::string_view address) const;

 private:
  using Bytes = std::array<std::uint8_t, 16>;
  Bytes network_{};
  bool v4_ = false;
  unsigned bits_ = 0;  ///< of the prefix
};

}  // namespace edsm::cloud::aws
