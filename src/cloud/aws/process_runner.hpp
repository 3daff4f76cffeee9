#pragma once

#include "base/clock.hpp"
#include "cloud/aws/process_credentials.hpp"

namespace edsm::cloud::aws {

/// Starts real programs, found by PATH, without a shell, in our environment and with no other file
/// descriptor than standard output open. A cancelled or late one is killed.
class ChildProcessRunner final : public ProcessRunner {
 public:
  explicit ChildProcessRunner(base::Clock& clock) : clock_(clock) {}
  base::Task<base::Result<base::SecretBytes>> run(std::vector<std::string> argv,
                                                  base::Duration timeout) override;

 private:
  base::Clock& clock_;
};

}  // namespace edsm::cloud::aws
