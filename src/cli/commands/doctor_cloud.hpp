#pragma once

#include <vector>

#include "base/task.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/provider.hpp"

namespace edsm::cli {

/// The queues of events: reachable, and what happens to messages that nobody can handle.
base::Task<Findings> examine_inboxes(std::vector<cloud::Inbox*> inboxes);

/// Whether the version of each secret that a binding of this provider names can be seen. No value
/// is read.
base::Task<Findings> examine_sources(cloud::Provider& provider, std::vector<Reported> bindings);

}  // namespace edsm::cli
