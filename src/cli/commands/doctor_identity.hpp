#pragma once

#include <string>

#include "base/task.hpp"
#include "cli/commands/findings.hpp"
#include "cloud/aws/aws.hpp"

namespace edsm::cli {

/// Who we are for AWS: the credentials in use, where they come from, the account, and whether AWS's
/// clock agrees with ours. `origin` tells where they come from, `region` is STS's to ask.
base::Task<Findings> examine_identity(cloud::aws::Cloud& cloud, base::Clock& clock,
                                      std::string origin, std::string region);

}  // namespace edsm::cli
