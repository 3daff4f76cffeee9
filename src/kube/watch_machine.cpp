#include "kube/watch_machine.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"
#include "net/url.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr int kPageSize = 500;
constexpr base::Duration kHealthy = minutes(2);
constexpr base::Duration kVeryShort = seconds(1);
constexpr base::Duration kGrace = seconds(5);
/// Refusals that only people can end are asked again at this pace plus a random part.
constexpr base::Duration kSlow = seconds(10);
/// An internal error at one resourceVersion so often in a row: the version may be at fault
/// (an unparsable one is a 500 without reason).
constexpr unsigned kOddRefusals = 3;

std::optional<std::uint64_t> number(std::string_view version) {
  std::uint64_t value = 0;
  const char* const end = version.data() + version.size();
  const auto [at, error] = std::from_chars(version.data(), end, value);
  if (error != std::errc() || at != end) return std::nullopt;
  return value;
}

/// Versions are opaque by contract and integers in practice: only where both are integers can one
/// be told to be older.
bool is_older(std::string_view version, std::string_view than) {
  const auto left = number(version);
  const auto right = number(than);
  return left && right && *left < *right;
}

/// True for the 1st, 2nd, 4th, 8th … of a row.
bool power_of_two(unsigned count) {
  return (count & (count - 1)) == 0;
}

std::string_view cause_of(const base::Error& error) {
  if (error.code == "Timeout") return "silent";
  switch (error.failure) {
    case Failure::throttled:
      return "throttled";
    case Failure::expired:
      return "expired";
    case Failure::refused:
      return "refused";
    case Failure::credentials:
      return "credentials";
    case Failure::absent:
      return "absent";
    case Failure::invalid:
      return "invalid";
    case Failure::transient:
    case Failure::conflict:
    case Failure::cancelled:
      break;
  }
  return error.code.starts_with("Connection") ? "connection" : "server";
}

/// What waiting alone hardly cures: permissions, credentials, a missing CRD, a wrong request.
bool needs_people(Failure failure) {
  return failure == Failure::refused || failure == Failure::credentials ||
         failure == Failure::absent || failure == Failure::invalid;
}

}  // namespace

WatchMachine::WatchMachine(std::string_view label_selector, std::string_view field_selector)
    : label_selector_(net::percent_encode(label_selector)),
      field_selector_(net::percent_encode(field_selector)),
      backoff_(milliseconds(800), seconds(30)),
      slow_(seconds(10), minutes(2)) {}

WatchMachine::Event WatchMachine::event_type(std::string_view type) {
  if (type == "ADDED") return Event::added;
  if (type == "MODIFIED") return Event::modified;
  if (type == "DELETED") return Event::deleted;
  if (type == "BOOKMARK") return Event::bookmark;
  if (type == "ERROR") return Event::error;
  return Event::unknown;
}

std::string WatchMachine::selectors() const {
  std::string query;
  if (!label_selector_.empty()) query += "&labelSelector=" + label_selector_;
  if (!field_selector_.empty()) query += "&fieldSelector=" + field_selector_;
  return query;
}

std::string WatchMachine::page_query(std::string_view continue_token) const {
  // No resourceVersion: a consistent read. All pages of a list have the same other parameters.
  std::string query = selectors();
  if (paged_) query += fmt::format("&limit={}", kPageSize);
  if (!continue_token.empty()) query += "&continue=" + net::percent_encode(continue_token);
  if (!query.empty()) query.erase(0, 1);
  return query;
}

WatchMachine::Action WatchMachine::next(std::uint64_t random) {
  Action action;
  action.not_before = not_before_;
  open_ = false;
  if (!listed_) {
    step_ = action.step = Step::list;
    action.first_page = continue_.empty();
    action.query = page_query(continue_);
    return action;
  }
  const std::string version = net::percent_encode(resource_version_);
  if (!proven_) {
    step_ = action.step = Step::prove;
    // Selects nothing, so that a server which ignores the limit answers little too; where the
    // permission is bound to a field selector that one must do.
    const std::string fields = field_selector_.empty() ? "metadata.name%3Dnone" : field_selector_;
    action.query =
        fmt::format("fieldSelector={}&limit=1&resourceVersion={}&resourceVersionMatch=NotOlderThan",
                    fields, version);
    return action;
  }
  step_ = action.step = Step::watch;
  const seconds served = seconds(300 + static_cast<std::int64_t>(random % 301));
  action.timeout = served + kGrace;
  action.query =
      fmt::format("watch=true&allowWatchBookmarks=true&resourceVersion={}&timeoutSeconds={}{}",
                  version, served.count(), selectors());
  return action;
}

bool WatchMachine::page(std::string_view resource_version, std::string_view continue_token) {
  // The pages are one snapshot; should a later one differ, going on from the first loses nothing.
  if (continue_.empty()) list_version_ = resource_version;
  continue_ = continue_token;
  if (!continue_.empty()) return false;
  resource_version_ = std::exchange(list_version_, {});
  listed_ = paged_ = proven_ = true;
  odd_refusals_ = 0;
  succeed(Phase::list);
  return true;
}

void WatchMachine::proved() {
  proven_ = true;
  succeed(Phase::prove);
}

void WatchMachine::opened(base::Instant now) {
  opened_ = now;
  open_ = true;
  heard_ = false;
  odd_refusals_ = 0;
  succeed(Phase::opening);
}

WatchMachine::Deliver WatchMachine::event(Event type, std::string_view resource_version) {
  if (resource_version.empty() || type == Event::error || type == Event::unknown ||
      is_older(resource_version, resource_version_)) {
    return Deliver::stop;
  }
  heard_ = true;
  succeed(Phase::stream);
  resource_version_ = resource_version;
  if (type == Event::bookmark) return Deliver::nothing;
  return type == Event::deleted ? Deliver::removed : Deliver::applied;
}

WatchMachine::Outcome WatchMachine::ended(base::Instant now, std::uint64_t random) {
  if (!heard_ && now - opened_ < kVeryShort) {
    return trouble("short", now, back_off(now, random), false);
  }
  // A watch at a version that the server has not reached is silent without any error, for ever if
  // its data were restored from a backup.
  proven_ = heard_;
  succeed(Phase::stream);
  not_before_ = now;
  return {"end", false, 0};
}

WatchMachine::Outcome WatchMachine::failed(const base::Error& error, base::Instant now,
                                           std::uint64_t random) {
  const std::string_view cause = cause_of(error);
  if (error.failure == Failure::expired || error.code == "ResourceVersionTooLarge") {
    // A page token that is too old: this time all at once, so that the list comes to an end.
    if (!listed_ && !continue_.empty()) paged_ = false;
    return relist("expired", now, random);
  }
  if (needs_people(error.failure)) {
    const base::Duration delay = std::max(
        kSlow + slow_.next(random), base::Duration(error.retry_after.value_or(milliseconds(0))));
    // Perhaps the version or the page token is refused, or the kind was removed and comes back.
    const Outcome outcome = trouble(cause, now, delay, true);
    if (error.failure == Failure::invalid || error.failure == Failure::absent) restart_list();
    return outcome;
  }
  if (listed_ && !open_ && step_ == Step::watch && error.code == "HTTP500" &&
      ++odd_refusals_ >= kOddRefusals) {
    odd_refusals_ = 0;
    return relist("server", now, random);
  }
  base::Duration delay = back_off(now, random);
  if (error.retry_after) delay = std::max(delay, base::Duration(*error.retry_after));
  // The next connection may lead to another server.
  if (listed_ && error.failure != Failure::throttled) proven_ = false;
  return trouble(cause, now, delay, false);
}

WatchMachine::Outcome WatchMachine::error_event(std::int64_t code,
                                                std::optional<base::Duration> retry_after,
                                                base::Instant now, std::uint64_t random) {
  if (code == 410) return relist("expired", now, random);
  if (code == 429) {
    const base::Duration delay =
        std::max(back_off(now, random), retry_after.value_or(base::Duration()));
    return trouble("throttled", now, delay, false);
  }
  const Outcome outcome = trouble("error", now, back_off(now, random), true);
  restart_list();
  return outcome;
}

WatchMachine::Outcome WatchMachine::nonsense(std::string_view cause, base::Instant now,
                                             std::uint64_t random) {
  const Outcome outcome = trouble(cause, now, back_off(now, random), true);
  restart_list();
  return outcome;
}

WatchMachine::Outcome WatchMachine::relist(std::string_view cause, base::Instant now,
                                           std::uint64_t random) {
  const Outcome outcome = trouble(cause, now, first_free(now, random), false);
  // The bug goes on from the newest version that there is, and misses what was before.
  if (base::planted(base::Bug::skip_the_relist) && listed_) {
    resource_version_ = "0";
  } else {
    restart_list();
  }
  return outcome;
}

void WatchMachine::restart_list() {
  listed_ = false;
  continue_.clear();
}

/// A single hitch costs no time; what comes back soon does.
base::Duration WatchMachine::first_free(base::Instant now, std::uint64_t random) {
  const bool first = !last_trouble_ || now - *last_trouble_ >= kHealthy;
  if (!first) return back_off(now, random);
  backoff_.reset();
  return {};
}

base::Duration WatchMachine::back_off(base::Instant now, std::uint64_t random) {
  if (last_trouble_ && now - *last_trouble_ >= kHealthy) backoff_.reset();
  return backoff_.next(random);
}

WatchMachine::Phase WatchMachine::phase() const {
  if (step_ == Step::list) return Phase::list;
  if (step_ == Step::prove) return Phase::prove;
  return open_ ? Phase::stream : Phase::opening;
}

void WatchMachine::succeed(Phase phase) {
  if (failures_ == 0 || phase < failed_in_) return;
  recovered_ = said_ ? failures_ : 0;
  failures_ = 0;
  said_ = false;
  slow_.reset();
}

WatchMachine::Outcome WatchMachine::trouble(std::string_view cause, base::Instant now,
                                            base::Duration delay, bool serious) {
  last_trouble_ = not_before_ = now + delay;
  failed_in_ = phase();
  ++failures_;
  // Torn connections and throttling heal mostly by themselves: said when they go on.
  const bool worth_saying = power_of_two(failures_) && (serious || failures_ >= 4);
  said_ = said_ || worth_saying;
  return {cause, worth_saying, failures_};
}

unsigned WatchMachine::recovered() {
  return std::exchange(recovered_, 0U);
}

}  // namespace edsm::kube
