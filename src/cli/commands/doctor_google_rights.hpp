#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/gcp/gcp.hpp"
#include "cloud/gcp/names.hpp"
#include "cloud/gcp/pubsub.hpp"

namespace edsm::cli {

/// Whether IAM permits what the controller does, by asking it: that needs no right, and changes
/// nothing. What does not exist should be left out: nobody has a right on it. `member` is for
/// remedies.
base::Task<Findings> examine_google_rights(cloud::gcp::Cloud& cloud,
                                           std::vector<cloud::gcp::Subscription> subscriptions,
                                           std::vector<cloud::gcp::SecretName> secrets,
                                           std::string member);

/// Which permissions were granted on a secret, or why that is not known.
using Granted = base::Result<std::set<std::string>>;
/// Pure.
Findings judge_subscription_rights(const cloud::gcp::Subscription& subscription,
                                   const Granted& granted, const std::string& member);
Findings judge_secret_rights(const std::vector<std::pair<cloud::gcp::SecretName, Granted>>& answers,
                             const std::string& member);

}  // namespace edsm::cli
