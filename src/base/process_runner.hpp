#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::base {

struct Command {
  std::string program;  ///< looked for in PATH if it has no "/"
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< on top of our own
  Duration time_limit = std::chrono::seconds(60);
  /// Its standard error is discarded, since it may hold secrets; else it is ours.
  bool quiet = false;
  std::size_t output_limit = std::size_t{1} << 20U;
};

/// Runs programs that print credentials, to their end, without a shell; returns what they printed.
/// A program has no standard input and no other descriptors of ours. Failure::credentials with code
/// "ProcessNotStarted", "ProcessFailed" (exit status, signal or too much output) or
/// "ProcessTimeout": then it is killed with all its children. A cancelled one is killed, too.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  virtual Task<Result<SecretBytes>> run(Command command) = 0;
};

/// The real one: posix_spawn, a pipe and a pidfd, nothing of which blocks the event loop.
class SpawningRunner final : public ProcessRunner {
 public:
  explicit SpawningRunner(Clock& clock) : clock_(clock) {}
  Task<Result<SecretBytes>> run(Command command) override;

 private:
  Clock& clock_;
};

}  // namespace edsm::base
