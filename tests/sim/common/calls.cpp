#include "sim/common/calls.hpp"

#include <algorithm>

namespace edsm::sim {

std::size_t CloudCalls::count(std::string_view operation) const {
  return static_cast<std::size_t>(std::ranges::count(calls_, operation, &CloudCall::operation));
}

std::size_t CloudCalls::value_reads(std::string_view name, std::string_view version) const {
  std::size_t count = 0;
  for (const CloudCall& call : calls_) {
    count +=
        static_cast<std::size_t>(std::ranges::count_if(call.values, [&](const ValueRead& read) {
          return read.name == name && (version.empty() || read.version == version);
        }));
  }
  return count;
}

}  // namespace edsm::sim
