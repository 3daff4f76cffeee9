#pragma once

#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

namespace edsm::cloud::aws {

/// A pattern of an EventBridge rule, and whether an event matches it. Without I/O. It knows the
/// whole pattern language: values, null, prefix, suffix, equals-ignore-case, wildcard,
/// anything-but, numeric, cidr, exists, $or. Case is ignored for ASCII letters only.
class EventPattern {
 public:
  /// Failure::invalid; code "MalformedJSON", or "UnknownPattern" for a pattern that EventBridge
  /// would refuse or whose operator came up after this was written: nothing can be said of it.
  static base::Result<EventPattern> parse(std::string_view text);

  /// `event` is the whole envelope.
  bool matches(const boost::json::value& event) const;

 private:
  explicit EventPattern(base::JsonDocument document) : document_(std::move(document)) {}
  base::JsonDocument document_;
};

}  // namespace edsm::cloud::aws
