#include "kube/lease_machine.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string_view>
#include <utility>

#include <boost/json/serialize.hpp>

#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "kube/leader.hpp"

namespace edsm::kube {
namespace {

/// Kubernetes' numbers here have 32 bits and are not negative.
std::int64_t int32_at(const boost::json::value& object, std::string_view path) {
  constexpr std::int64_t largest = std::numeric_limits<std::int32_t>::max();
  return std::clamp<std::int64_t>(base::int_at(object, path).value_or(0), 0, largest);
}

std::int64_t whole_seconds(base::Duration time) {
  return std::chrono::ceil<std::chrono::seconds>(time).count();
}

}  // namespace

LeaseRecord LeaseRecord::decode(const boost::json::value& object) {
  LeaseRecord record;
  record.holder = base::string_at(object, "spec.holderIdentity");
  record.duration_seconds = int32_at(object, "spec.leaseDurationSeconds");
  record.acquire_time = base::string_at(object, "spec.acquireTime");
  record.renew_time = base::string_at(object, "spec.renewTime");
  record.transitions = int32_at(object, "spec.leaseTransitions");
  if (const auto* const metadata = base::object_at(object, "metadata")) {
    boost::json::object kept = *metadata;
    kept.erase("managedFields");
    record.metadata = boost::json::serialize(kept);
  }
  return record;
}

base::SecretBytes LeaseRecord::encode(const LeaseSettings& settings) const {
  base::JsonWriter json;
  json.begin_object().member("apiVersion", kLeases.api_version()).member("kind", kLeases.kind);
  json.key("metadata");
  if (metadata.empty()) {
    json.begin_object().member("name", settings.name).member("namespace", settings.ns).end_object();
  } else {
    json.raw(metadata);
  }
  json.key("spec").begin_object();
  json.member("holderIdentity", holder);
  json.key("leaseDurationSeconds").number(duration_seconds);
  json.member("acquireTime", acquire_time).member("renewTime", renew_time);
  json.key("leaseTransitions").number(transitions);
  json.end_object().end_object();
  return std::move(json).take();
}

bool LeaseRecord::same_claim(const LeaseRecord& other) const {
  return holder == other.holder && duration_seconds == other.duration_seconds &&
         acquire_time == other.acquire_time && renew_time == other.renew_time &&
         transitions == other.transitions;
}

LeaseMachine::LeaseMachine(const LeaseSettings& settings)
    : identity_(settings.identity),
      duration_(settings.duration),
      renew_deadline_(settings.renew_deadline),
      retry_period_(settings.retry_period) {}

LeaseMachine::Step LeaseMachine::begin(base::Instant now, base::WallTime wall) {
  optimistic_ = known_ && leads(now);
  if (!optimistic_) return Step::get;
  return claim(wall);
}

LeaseMachine::Step LeaseMachine::read(LeaseRecord record, base::Instant now, base::WallTime wall) {
  observe(std::move(record), now);
  if (!holds() && !observed_.holder.empty()) {
    if (now < free_at()) return Step::rest;
  }
  return claim(wall);
}

LeaseMachine::Step LeaseMachine::read_absent(base::WallTime wall) {
  observed_ = {};
  renewed_.reset();
  claim(wall);
  proposal_.transitions = 0;
  return Step::create;
}

LeaseMachine::Step LeaseMachine::claim(base::WallTime wall) {
  proposal_ = observed_;
  proposal_.duration_seconds = whole_seconds(duration_);
  proposal_.renew_time = base::rfc3339_micro(wall);
  if (!holds()) {
    proposal_.holder = identity_;
    proposal_.acquire_time = proposal_.renew_time;
    ++proposal_.transitions;
  }
  return Step::replace;
}

LeaseMachine::Step LeaseMachine::written(LeaseRecord answer, base::Instant started) {
  observe(std::move(answer), started);
  known_ = true;
  if (holds()) renewed_ = started;
  return Step::rest;
}

LeaseMachine::Step LeaseMachine::failed(const base::Error& error) {
  // Whatever happened to the write, only a GET tells. A conflict of the write without a GET
  // (somebody touched the object, or our last write did arrive) is looked at in the same round.
  known_ = false;
  const bool again = optimistic_ && error.failure == base::Failure::conflict;
  optimistic_ = false;
  return again ? Step::get : Step::rest;
}

void LeaseMachine::observe(LeaseRecord record, base::Instant now) {
  if (!record.same_claim(observed_)) observed_at_ = now;
  observed_ = std::move(record);
  if (!holds()) renewed_.reset();
}

bool LeaseMachine::holds() const {
  return observed_.holder == identity_;
}

bool LeaseMachine::leads(base::Instant now) const {
  // One retry period before others may take it, counted from before our request left.
  return !releasing_ && holds() && renewed_ && now < *renewed_ + duration_ - retry_period_;
}

base::Instant LeaseMachine::give_up() const {
  return renewed_.value_or(base::Instant()) + renew_deadline_;
}

base::Instant LeaseMachine::next_round(base::Instant now, std::uint64_t random) const {
  if (leads(now)) return now + retry_period_;
  const base::Duration spread = retry_period_ / 4 * static_cast<std::int64_t>(random % 1024) / 1024;
  const base::Instant usual = now + retry_period_ / 2 + spread;
  const base::Instant free = free_at();
  return now < free ? std::min(usual, free) : usual;
}

base::Instant LeaseMachine::free_at() const {
  return observed_at_ + std::chrono::seconds(observed_.duration_seconds);
}

LeaseMachine::Step LeaseMachine::release_read(LeaseRecord record, base::WallTime wall) {
  const bool ours = record.holder == identity_;
  observed_ = std::move(record);
  renewed_.reset();
  if (!ours) return Step::rest;
  proposal_ = observed_;
  proposal_.holder.clear();
  proposal_.duration_seconds = 1;
  proposal_.renew_time = proposal_.acquire_time = base::rfc3339_micro(wall);
  return Step::replace;
}

}  // namespace edsm::kube
