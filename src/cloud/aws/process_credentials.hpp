#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/process_runner.hpp"
#include "cloud/aws/credentials.hpp"

namespace edsm::cloud::aws {

/// Words of a command line with single and double quotes and backslashes, as a POSIX shell splits
/// them, but nothing is expanded. Failure::invalid, code "MalformedCommand".
base::Result<std::vector<std::string>> split_command(std::string_view text);

/// credential_process of a profile.
class ProcessCredentials final : public CredentialsProvider {
 public:
  ProcessCredentials(std::vector<std::string> argv, base::ProcessRunner& runner)
      : argv_(std::move(argv)), runner_(runner) {}
  std::string_view name() const override { return "process"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  std::vector<std::string> argv_;
  base::ProcessRunner& runner_;
};

}  // namespace edsm::cloud::aws
