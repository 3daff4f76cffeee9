#include "cloud/aws/credential_cache.hpp"

#include <algorithm>
#include <utility>

namespace edsm::cloud::aws {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr base::Duration early = minutes(15);
constexpr base::Duration margin = seconds(10);
/// New keys that are refused again at once will not get better by asking for still newer ones.
constexpr base::Duration rejection_interval = seconds(30);

}  // namespace

RefreshPolicy::Action RefreshPolicy::next(base::WallTime wall, base::Instant now) const {
  const bool usable = held_ && !rejected_ && (!unusable_ || wall < *unusable_);
  if (!usable) return Action::must_renew;
  return due_ && wall >= *due_ && now >= retry_at_ ? Action::renew : Action::use;
}

void RefreshPolicy::renewed(const std::optional<base::WallTime>& expires, base::WallTime wall,
                            std::uint64_t random) {
  held_ = true;
  rejected_ = false;
  backoff_.reset();
  retry_at_ = base::Instant::min();
  due_.reset();
  unusable_.reset();
  if (!expires) return;
  const base::Duration lifetime = std::max(*expires - wall, base::Duration::zero());
  const base::Duration ahead = std::min(early, lifetime / 3);
  // Up to a fifth earlier, so that many replicas do not ask in the same second.
  const auto jitter = base::Duration(
      static_cast<std::int64_t>(random % static_cast<std::uint64_t>(ahead.count() / 5 + 1)));
  due_ = *expires - ahead - jitter;
  unusable_ = *expires - std::min(margin, lifetime / 3);
}

void RefreshPolicy::failed(base::Instant now, std::uint64_t random) {
  // Half of the wait is certain: an endpoint that fails is never asked in a tight loop.
  const base::Duration floor = std::chrono::milliseconds(500);
  retry_at_ = now + floor + backoff_.next(random);
}

bool RefreshPolicy::reject(base::Instant now) {
  if (last_rejection_ && now - *last_rejection_ < rejection_interval) return false;
  last_rejection_ = now;
  rejected_ = true;
  return true;
}

bool CredentialCache::must_renew() const {
  return policy_.next(clock_.wall(), clock_.now()) == RefreshPolicy::Action::must_renew;
}

bool CredentialCache::reject(const Shared& used) {
  // Somebody else renewed them meanwhile.
  if (used != held_) return true;
  return policy_.reject(clock_.now());
}

base::Task<base::Result<CredentialCache::Shared>> CredentialCache::get() {
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

base::Task<base::Result<CredentialCache::Shared>> CredentialCache::refresh() {
  if (must_renew() && clock_.now() < policy_.retry_at()) co_return std::unexpected(last_error_);
  // Opened also when this coroutine is cancelled, so that nobody waits for ever.
  struct Landing {
    CredentialCache& cache;
    std::shared_ptr<Flight> flight;
    ~Landing() {
      cache.flight_.reset();
      flight->done.open();
    }
  };
  const auto flight = std::make_shared<Flight>();
  flight_ = flight;
  const Landing landing{*this, flight};

  auto fresh = co_await provider_->get();
  if (fresh && fresh->expires && *fresh->expires <= clock_.wall()) {
    fresh = base::fail(base::Failure::credentials, "ExpiredCredentials",
                       "they had expired already when they were issued; check the node's clock");
  }
  if (fresh) {
    policy_.renewed(fresh->expires, clock_.wall(), clock_.random());
    if (fresh->expires && for_ == For::controller)
      metrics_.credential_expiry(provider_->name(), *fresh->expires);
    held_ = std::make_shared<const Credentials>(std::move(*fresh));
    log_.debug("AWS credentials renewed", {{"source", provider_->name()}});
    co_return held_;
  }

  base::Error error = std::move(fresh.error());
  // A role that the controller may not assume is no refusal of the call that wants to be signed.
  if (!error.retryable() && for_ == For::controller) error.failure = base::Failure::credentials;
  error.text = "AWS credentials (" + std::string(provider_->name()) + "): " + error.text;
  policy_.failed(clock_.now(), clock_.random());
  if (!must_renew()) {
    log_.warn("AWS credentials could not be renewed; the old ones are still valid",
              {{"source", provider_->name()}, {"code", error.code}, {"error", error.text}});
    co_return held_;
  }
  last_error_ = error;
  flight->error = error;
  co_return std::unexpected(std::move(error));
}

base::Task<void> CredentialCache::keep_fresh() {
  for (;;) {
    // The result is the callers' matter; here it only has to happen.
    const auto ignored = co_await get();
    static_cast<void>(ignored);
    base::Duration wait = minutes(1);
    const auto due = policy_.due();
    if (due)
      wait =
          std::clamp(*due - clock_.wall(), base::Duration(seconds(1)), base::Duration(minutes(1)));
    co_await clock_.sleep_for(wait);
  }
}

}  // namespace edsm::cloud::aws
