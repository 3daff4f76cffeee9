#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/gcp/client.hpp"

/// Who may do what on a resource.
namespace edsm::cloud::gcp {

/// What an IAM policy lets somebody do.
struct Policy {
  struct Binding {
    std::string role;
    std::vector<std::string> members;
    bool conditional = false;
  };
  std::vector<Binding> bindings;
};

enum class Right : std::uint8_t { publish, consume };
enum class Admission : std::uint8_t {
  admitted,
  refused,  ///< nothing in it lets them: what the project's policy says is not known here
  depends,  ///< on a condition, or on what a role of the user's own holds
};

/// pubsub.topics.getIamPolicy or pubsub.subscriptions.getIamPolicy, and what its answer says.
/// `resource` is a full name.
Call policy_call(const std::string& resource);
Policy parse_policy(const boost::json::value& json);
/// Pure. `member` is "serviceAccount:…"; a "*" in it stands for any number.
Admission admits(const Policy& policy, Right right, std::string_view member);

/// Which of the permissions the caller has; that needs no permission. `resource` is a full name. Of
/// what does not exist there are none.
Call permissions_call(const std::string& resource, const std::vector<std::string>& permissions);
std::set<std::string> parse_permissions(const boost::json::value& json);

}  // namespace edsm::cloud::gcp
