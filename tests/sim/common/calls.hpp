#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sim {

/// One value that a call handed out.
struct ValueRead {
  std::string name;
  std::string version;
};

/// One request that reached a simulated cloud.
struct CloudCall {
  base::Instant at{};
  std::string caller;            ///< access key or token; empty: none
  std::string operation;         ///< "GetSecretValue", "AccessSecretVersion"; "Credentials"
  std::string region;            ///< of AWS: that of the signature
  std::vector<std::string> ids;  ///< secrets as the caller named them, or ids of queue messages
  std::vector<ValueRead> values;
  int status = 0;    ///< 0: not answered yet
  std::string code;  ///< of an error
};

/// All requests, in the order of their arrival.
class CloudCalls {
 public:
  using Iterator = std::deque<CloudCall>::const_iterator;

  Iterator begin() const { return calls_.begin(); }
  Iterator end() const { return calls_.end(); }
  std::size_t size() const { return calls_.size(); }
  const CloudCall& operator[](std::size_t index) const { return calls_[index]; }

  /// How many calls of the operation there were, answered or not.
  std::size_t count(std::string_view operation) const;
  /// How often the secret's value was handed out; with a version, that of this version.
  std::size_t value_reads(std::string_view name, std::string_view version = {}) const;

  /// Valid as long as this is.
  CloudCall& add(CloudCall call) { return calls_.emplace_back(std::move(call)); }

 private:
  std::deque<CloudCall> calls_;
};

}  // namespace edsm::sim
