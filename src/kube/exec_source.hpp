#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/notify.hpp"
#include "base/process_runner.hpp"
#include "base/task.hpp"
#include "kube/config.hpp"
#include "kube/exec_credential.hpp"

namespace edsm::kube {

/// Credentials of an exec plugin, which runs again a minute before they expire (the old ones serve
/// while that fails and they are valid) and after a 401, at most every 5 s and never twice at once.
class ExecSource {
 public:
  /// `runner` and `clock` must outlive it.
  ExecSource(ExecPlugin plugin, base::ProcessRunner& runner, base::Clock& clock)
      : plugin_(std::move(plugin)), runner_(runner), clock_(clock) {}

  /// Valid until the next await.
  base::Task<base::Result<const ExecCredential*>> get();
  void rejected(base::Instant when);
  /// Counts the credentials that were obtained.
  std::uint64_t generation() const { return generation_; }

 private:
  bool due(base::Instant now) const;
  bool usable(base::Instant now) const;
  base::Task<void> run();
  void accept(ExecCredential credential, base::Instant started);

  ExecPlugin plugin_;
  base::ProcessRunner& runner_;
  base::Clock& clock_;
  std::shared_ptr<base::Gate> flight_;  ///< opens when the run under way has ended
  std::optional<ExecCredential> credential_;
  std::optional<base::Error> error_;  ///< of the last run
  bool stale_ = false;                ///< the server rejected it
  base::Instant obtained_{};
  base::Instant refresh_at_ = base::Instant::max();
  base::Instant expires_at_ = base::Instant::max();
  base::Instant next_run_{};
  std::uint64_t generation_ = 0;
};

}  // namespace edsm::kube
