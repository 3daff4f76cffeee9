#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "cloud/gcp/births.hpp"
#include "cloud/gcp/match.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

using Attributes = std::map<std::string, std::string, std::less<>>;

/// Reads a message of a subscription: a notification of Secret Manager itself (its attributes say
/// everything), or an entry of Cloud Audit Logs that a log sink has sent (in `data`). What it tells
/// of a version's creation goes into `births` (null: nowhere).
std::variant<Hint, Irrelevant, Malformed> decode_event(const Attributes& attributes,
                                                       std::string_view data,
                                                       const Projects& projects,
                                                       Births* births = nullptr);

}  // namespace edsm::cloud::gcp
