#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cloud/aws/credentials.hpp"

namespace edsm::cloud::aws {

/// Runs programs. Their standard error is discarded: it may hold secrets.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  /// The program's standard output (at most 64 KiB). Failure::credentials, codes
  /// "ProcessNotStarted", "ProcessFailed" (exit status or signal), "ProcessTimeout".
  virtual base::Task<base::Result<base::SecretBytes>> run(std::vector<std::string> argv,
                                                          base::Duration timeout) = 0;
};

/// Words of a command line with single and double quotes and backslashes, as a POSIX shell splits
/// them, but nothing is expanded. Failure::invalid, code "MalformedCommand".
base::Result<std::vector<std::string>> split_command(std::string_view text);

/// credential_process of a profile.
class ProcessCredentials final : public CredentialsProvider {
 public:
  ProcessCredentials(std::vector<std::string> argv, ProcessRunner& runner)
      : argv_(std::move(argv)), runner_(runner) {}
  std::string_view name() const override { return "process"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  std::vector<std::string> argv_;
  ProcessRunner& runner_;
};

}  // namespace edsm::cloud::aws
