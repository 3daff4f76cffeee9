#pragma once

#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/provider.hpp"

namespace edsm::cli {

/// How a cloud calls what all of them have. Literals.
struct CloudTerms {
  std::string_view cloud;         ///< "AWS"
  std::string_view variable;      ///< what names its queues: "SQS_QUEUE_URL"
  std::string_view hold;          ///< how long a message is kept from others: "visibility time-out"
  std::string_view dead_letters;  ///< what a queue needs to have some: "a redrive policy"
  /// Who may not see versions may still read values, and EDSM works.
  bool refusal_is_unknown = false;
};

/// The queues of events: reachable, and what happens to messages that nobody can handle.
base::Task<Findings> examine_inboxes(std::vector<cloud::Inbox*> inboxes, CloudTerms terms);

/// Whether the version of each secret that a binding of this provider names can be seen. No value
/// is read.
base::Task<Findings> examine_sources(cloud::Provider& provider, std::vector<Reported> bindings,
                                     CloudTerms terms);

}  // namespace edsm::cli
