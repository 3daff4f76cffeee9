#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::kube {

struct Command {
  std::string program;  ///< looked for in PATH if it has no "/"
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;  ///< on top of our own
  base::Duration time_limit = std::chrono::seconds(60);
  std::size_t output_limit = std::size_t{1} << 20U;
};

/// Runs a program to its end and returns what it printed. It has no standard input; its standard
/// error is ours. Failure::credentials with code "ExecPlugin" if it cannot be started, fails, takes
/// too long or prints too much: then it is killed with all its children.
class ProcessRunner {
 public:
  virtual ~ProcessRunner() = default;
  virtual base::Task<base::Result<base::SecretBytes>> run(Command command) = 0;
};

/// The real one: posix_spawn, a pipe and a pidfd, nothing of which blocks the event loop.
class SpawningRunner final : public ProcessRunner {
 public:
  explicit SpawningRunner(base::Clock& clock) : clock_(clock) {}
  base::Task<base::Result<base::SecretBytes>> run(Command command) override;

 private:
  base::Clock& clock_;
};

}  // namespace edsm::kube
