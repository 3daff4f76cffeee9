#include "kube/exec_source.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace edsm::kube {
namespace {

constexpr base::Duration kEarly = std::chrono::seconds(60);
constexpr base::Duration kBetweenRuns = std::chrono::seconds(5);

/// Lets the others go on however the run ends, by cancellation too.
class Flight {
 public:
  explicit Flight(std::shared_ptr<base::Gate>& slot) : slot_(slot) {
    slot_ = std::make_shared<base::Gate>();
  }
  ~Flight() { std::exchange(slot_, nullptr)->open(); }
  Flight(const Flight&) = delete;
  Flight& operator=(const Flight&) = delete;

 private:
  std::shared_ptr<base::Gate>& slot_;
};

}  // namespace

bool ExecSource::due(base::Instant now) const {
  return !credential_ || stale_ || now >= refresh_at_;
}

bool ExecSource::usable(base::Instant now) const {
  return credential_ && !stale_ && now < expires_at_;
}

base::Task<base::Result<const ExecCredential*>> ExecSource::get() {
  for (;;) {
    const base::Instant now = clock_.now();
    if (due(now) && now >= next_run_) {
      if (flight_) {
        const std::shared_ptr<base::Gate> flight = flight_;
        co_await flight->wait();
      } else {
        co_await run();
      }
      continue;
    }
    // A run that succeeded just now is the best there is, whatever the server says about it.
    if (credential_ && (!error_ || usable(now))) co_return &*credential_;
    co_return std::unexpected(*error_);
  }
}

base::Task<void> ExecSource::run() {
  const Flight flight(flight_);
  base::Command command;
  command.program = plugin_.command;
  command.args = plugin_.args;
  command.env = plugin_.env;
  command.env.emplace_back("KUBERNETES_EXEC_INFO", exec_info(plugin_));
  const base::Instant started = clock_.now();
  const auto printed = co_await runner_.run(std::move(command));
  next_run_ = clock_.now() + kBetweenRuns;
  if (!printed) {
    error_ = printed.error();
  } else {
    auto credential = parse_exec_credential(printed->view(), plugin_.api_version);
    if (credential) {
      accept(std::move(*credential), started);
      co_return;
    }
    error_ = std::move(credential.error());
  }
  error_->text.insert(0, fmt::format("exec plugin {}: ", plugin_.command));
  if (!plugin_.install_hint.empty()) error_->text += "; " + plugin_.install_hint;
}

void ExecSource::accept(ExecCredential credential, base::Instant started) {
  credential_ = std::move(credential);
  error_.reset();
  stale_ = false;
  obtained_ = started;
  ++generation_;
  refresh_at_ = expires_at_ = base::Instant::max();
  if (!credential_->expiry) return;
  const base::Duration lifetime = *credential_->expiry - clock_.wall();
  expires_at_ = clock_.now() + lifetime;
  refresh_at_ = expires_at_ - std::min(kEarly, lifetime / 4);
}

void ExecSource::rejected(base::Instant when) {
  if (credential_ && obtained_ <= when) stale_ = true;
}

}  // namespace edsm::kube
