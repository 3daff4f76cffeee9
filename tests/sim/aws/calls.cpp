#include "sim/aws/calls.hpp"

#include <algorithm>

namespace edsm::sim::aws {

std::size_t Calls::count(std::string_view operation) const {
  return static_cast<std::size_t>(std::ranges::count(calls_, operation, &Call::operation));
}

std::size_t Calls::value_reads(std::string_view name, std::string_view version) const {
  std::size_t count = 0;
  for (const Call& call : calls_) {
    count +=
        static_cast<std::size_t>(std::ranges::count_if(call.values, [&](const ValueRead& read) {
          return read.name == name && (version.empty() || read.version == version);
        }));
  }
  return count;
}

}  // namespace edsm::sim::aws
