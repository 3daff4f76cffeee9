#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/notify.hpp"
#include "base/task.hpp"
#include "cloud/refresh_policy.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::cloud {

/// Holds what one source gives: credentials, a token. At most one refresh runs at a time; while it
/// does, the old are served as long as they are valid.
///
/// A Source has `name()`, for logs and metrics, and `get()`, which brings a Held anew each time; a
/// Held knows when it `expires` (nullopt: never).
template <class Source, class Held>
class RefreshingCache {
 public:
  using Shared = std::shared_ptr<const Held>;
  enum class For : std::uint8_t {
    controller,  ///< their expiry is a metric; without them nothing works
    binding,     ///< may expire when nobody needs them; a refusal concerns the one who asks only
  };

  /// `what` begins log lines and error texts ("AWS credentials"); a literal.
  RefreshingCache(std::string_view what, std::unique_ptr<Source> source, base::Clock& clock,
                  telemetry::Log& log, telemetry::Metrics& metrics, For whom = For::controller)
      : what_(what),
        source_(std::move(source)),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        for_(whom) {}

  /// The controller's: whatever is final is Failure::credentials, since a role that it may not
  /// assume is no refusal of the call that wants to be authorised.
  base::Task<base::Result<Shared>> get();
  /// A service refused `used` as expired or unknown. True: the next `get` brings others.
  bool reject(const Shared& used);
  /// Renews ahead of need until cancelled.
  base::Task<void> keep_fresh();

 private:
  struct Flight {
    base::Gate done;
    base::Error error;
  };
  base::Task<base::Result<Shared>> refresh();
  base::Result<Shared> hold(Held fresh);
  base::Result<Shared> fail(base::Error error, Flight& flight);
  bool must_renew() const {
    return policy_.next(clock_.wall(), clock_.now()) == RefreshPolicy::Action::must_renew;
  }
  std::string text(std::string_view end) const { return std::string(what_).append(end); }

  std::string_view what_;
  std::unique_ptr<Source> source_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  For for_;
  RefreshPolicy policy_;
  Shared held_;
  base::Error last_error_;
  std::shared_ptr<Flight> flight_;
};

template <class Source, class Held>
bool RefreshingCache<Source, Held>::reject(const Shared& used) {
  // Somebody else renewed them meanwhile.
  if (used != held_) return true;
  return policy_.reject(clock_.now());
}

template <class Source, class Held>
base::Task<base::Result<std::shared_ptr<const Held>>> RefreshingCache<Source, Held>::get() {
  using Action = RefreshPolicy::Action;
  for (;;) {
    const Action action = policy_.next(clock_.wall(), clock_.now());
    const bool others_refresh = action == Action::renew && flight_ != nullptr;
    if (action == Action::use || others_refresh) co_return held_;
    if (flight_ == nullptr) {
      auto renewed = co_await refresh();
      co_return renewed;
    }
    const auto flight = flight_;
    co_await flight->done.wait();
    // A cancelled refresh leaves no error: then it is this caller's turn.
    if (must_renew() && !flight->error.text.empty()) co_return std::unexpected(flight->error);
  }
}

template <class Source, class Held>
base::Task<base::Result<std::shared_ptr<const Held>>> RefreshingCache<Source, Held>::refresh() {
  if (must_renew() && clock_.now() < policy_.retry_at()) co_return std::unexpected(last_error_);
  // Opened also when this coroutine is cancelled, so that nobody waits for ever.
  struct Landing {
    RefreshingCache& cache;
    std::shared_ptr<Flight> flight;
    ~Landing() {
      cache.flight_.reset();
      flight->done.open();
    }
  };
  const auto flight = std::make_shared<Flight>();
  flight_ = flight;
  const Landing landing{*this, flight};

  auto fresh = co_await source_->get();
  if (!fresh) co_return fail(std::move(fresh.error()), *flight);
  if (fresh->expires && *fresh->expires <= clock_.wall()) {
    base::Error error{base::Failure::credentials,
                      "ExpiredCredentials",
                      "they had expired already when they were issued; check the node's clock",
                      {}};
    co_return fail(std::move(error), *flight);
  }
  co_return hold(std::move(*fresh));
}

template <class Source, class Held>
base::Result<std::shared_ptr<const Held>> RefreshingCache<Source, Held>::hold(Held fresh) {
  policy_.renewed(fresh.expires, clock_.wall(), clock_.random());
  if (fresh.expires && for_ == For::controller)
    metrics_.credential_expiry(source_->name(), *fresh.expires);
  held_ = std::make_shared<const Held>(std::move(fresh));
  log_.debug(text(" renewed"), {{"source", source_->name()}});
  return held_;
}

template <class Source, class Held>
base::Result<std::shared_ptr<const Held>> RefreshingCache<Source, Held>::fail(base::Error error,
                                                                              Flight& flight) {
  if (!error.retryable() && for_ == For::controller) error.failure = base::Failure::credentials;
  error.text = text(" (").append(source_->name()).append("): ").append(error.text);
  policy_.failed(clock_.now(), clock_.random());
  if (!must_renew()) {
    log_.warn(text(" could not be renewed; the old ones are still valid"),
              {{"source", source_->name()}, {"code", error.code}, {"error", error.text}});
    return held_;
  }
  last_error_ = error;
  flight.error = error;
  return std::unexpected(std::move(error));
}

template <class Source, class Held>
base::Task<void> RefreshingCache<Source, Held>::keep_fresh() {
  for (;;) {
    // The result is the callers' matter; here it only has to happen.
    const auto ignored = co_await get();
    static_cast<void>(ignored);
    base::Duration wait = std::chrono::minutes(1);
    const auto due = policy_.due();
    if (due) {
      wait = std::clamp(*due - clock_.wall(), base::Duration(std::chrono::seconds(1)),
                        base::Duration(std::chrono::minutes(1)));
    }
    co_await clock_.sleep_for(wait);
  }
}

}  // namespace edsm::cloud
