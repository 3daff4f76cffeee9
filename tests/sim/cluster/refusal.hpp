#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/kind.hpp"
#include "sim/cluster/object.hpp"
#include "sim/service.hpp"

namespace edsm::sim {

/// One thing that is wrong with an object. `reason` is "FieldValueInvalid" and the like.
struct Cause {
  std::string reason;
  std::string message;
  std::string field;
};

/// What the server says instead of doing it: the content of a Status object.
struct Refusal {
  int code = 500;
  std::string reason;  ///< may be empty
  std::string message;
  Object details;              ///< may be empty
  std::string continue_token;  ///< of an expired list: where an inconsistent one may go on
  bool bare_details = false;   ///< `details` is there although it is empty
};
template <class T>
using Outcome = std::expected<T, Refusal>;

// As the real server words them.
Refusal not_found(const Kind& kind, std::string_view name);
Refusal already_exists(const Kind& kind, std::string_view name);
Refusal conflict(const Kind& kind, std::string_view name, std::string_view why);
/// The precondition of a deletion failed: the one answer that names the kind.
Refusal deletion_conflict(const Kind& kind, std::string_view name, std::string_view why);
/// The resourceVersion that the client gave is not the current one.
Refusal modified(const Kind& kind, std::string_view name);
Refusal invalid(std::string_view group, std::string_view kind, std::string qualified,
                std::string_view name, const std::vector<Cause>& causes);
Refusal invalid(const Kind& kind, std::string_view name, const std::vector<Cause>& causes);
Refusal bad_request(std::string message);
Refusal unauthorized();
/// `known`: a type of patch, but not one for this kind.
Refusal unsupported_patch(bool known);
/// The path is not served, though its group is.
Refusal no_resource();
Refusal method_not_allowed();
/// A failed operation of a JSON patch.
Refusal failed_patch();
Refusal expired(std::string message);
Refusal too_large_version(std::uint64_t asked, std::uint64_t current);
/// An error that the server has no reason for.
Refusal unexplained(std::string message);

/// `Status` as JSON.
std::string to_json(const Refusal& refusal);
Reply to_reply(const Refusal& refusal);
Reply json_reply(int status, std::string body);
/// What a deletion answers.
std::string success_json(const Kind& kind, std::string_view name, std::string_view uid);

}  // namespace edsm::sim
