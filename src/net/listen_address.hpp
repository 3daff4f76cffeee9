#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace edsm::net {

/// "HOST:PORT", ":PORT" or "[IPv6]:PORT" in its parts; an empty host means all interfaces.
struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;  ///< 0: any free one

  static std::optional<ListenAddress> parse(std::string_view text);
};

}  // namespace edsm::net
