#pragma once

#include <string_view>
#include <variant>

#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// Reads the body of a queue message: an EventBridge event about Secrets Manager (native, or
/// carried by CloudTrail), its bare `detail`, or either of them in an SNS notification.
std::variant<Hint, Irrelevant, Malformed> decode_event(std::string_view body);

}  // namespace edsm::cloud::aws
