#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http.hpp"
#include "sim/cluster/access.hpp"
#include "sim/cluster/kind.hpp"

namespace edsm::sim {

/// A request in the words of the API.
struct Call {
  const Kind* kind = nullptr;  ///< null: no kind that the server knows
  Access access;               ///< `user` is empty yet
  std::string path;
  bool metadata_view = false;  ///< PartialObjectMetadata is asked for
  std::string content_type;    ///< without parameters
  std::string manager;         ///< fieldManager, or what User-Agent says
  std::string_view body;       ///< of the request
  std::optional<std::string_view> token;
  std::vector<std::pair<std::string, std::string>> query;  ///< decoded

  /// "" if it is not there.
  std::string_view parameter(std::string_view name) const;
  bool flag(std::string_view name) const;
};

Call read_call(const net::Request& request);

}  // namespace edsm::sim
