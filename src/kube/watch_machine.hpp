#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"

namespace edsm::kube {

/// When to list, watch, wait and start over: docs/decisions/list-and-watch.md. Pure.
///
/// Ask `next`, wait until `Action::not_before`, do it, say what happened; again.
///   list:   `page` or `failed`
///   prove:  `proved` or `failed`
///   watch:  `failed`, or `opened`, any number of `event`s, then `ended` or `failed`. When `event`
///           answers `stop`, the stream is closed and nothing more is said about it.
class WatchMachine {
 public:
  enum class Step : std::uint8_t {
    list,   ///< one page
    prove,  ///< a list that fails if the server's data are older than what we have seen
    watch,
  };
  struct Action {
    Step step = Step::list;
    std::string query;         ///< for Api::list and Api::watch
    base::Duration timeout{};  ///< of a watch: our own deadline
    base::Instant not_before{};
    bool first_page = false;
  };

  /// What became of one step, for metrics and people.
  struct Outcome {
    std::string_view cause;  ///< label of edsm_watch_restarts_total; empty: nothing to count
    bool worth_saying = false;
    unsigned failures = 0;  ///< in a row
  };

  enum class Event : std::uint8_t { added, modified, deleted, bookmark, error, unknown };
  static Event event_type(std::string_view type);
  enum class Deliver : std::uint8_t { applied, removed, nothing, stop };

  /// Selectors as in Kubernetes, not encoded; may be empty.
  WatchMachine(std::string_view label_selector, std::string_view field_selector);

  Action next(std::uint64_t random);
  /// The query that `next` will give once `page` has been told this token, for who asks ahead.
  std::string page_query(std::string_view continue_token) const;

  /// True if that was the last page.
  bool page(std::string_view resource_version, std::string_view continue_token);
  void proved();
  void opened(base::Instant now);
  /// ADDED, MODIFIED, DELETED, BOOKMARK with the object's resourceVersion.
  Deliver event(Event type, std::string_view resource_version);

  /// The stream ended properly.
  Outcome ended(base::Instant now, std::uint64_t random);
  /// The step's request was refused or its connection torn.
  Outcome failed(const base::Error& error, base::Instant now, std::uint64_t random);
  /// An ERROR event: `code` and `retry_after` of its Status.
  Outcome error_event(std::int64_t code, std::optional<base::Duration> retry_after,
                      base::Instant now, std::uint64_t random);
  /// The stream makes no sense: a line that is no event, is too long, or `event` said stop.
  Outcome nonsense(std::string_view cause, base::Instant now, std::uint64_t random);

  /// How many failures in a row the last success put an end to, if any of them was worth saying;
  /// else 0. Answers once.
  unsigned recovered();
  const std::string& resource_version() const { return resource_version_; }

 private:
  /// How far a list and watch has come. Success at one phase ends the failures of those before it.
  enum class Phase : std::uint8_t { list, prove, opening, stream };
  Phase phase() const;
  void succeed(Phase phase);

  Outcome trouble(std::string_view cause, base::Instant now, base::Duration delay, bool serious);
  Outcome relist(std::string_view cause, base::Instant now, std::uint64_t random);
  base::Duration back_off(base::Instant now, std::uint64_t random);
  base::Duration first_free(base::Instant now, std::uint64_t random);
  void restart_list();
  std::string selectors() const;

  std::string label_selector_;  ///< percent-encoded
  std::string field_selector_;

  Step step_ = Step::list;
  bool listed_ = false;  ///< resource_version_ is the snapshot that the watch goes on from
  bool paged_ = true;
  bool proven_ = true;
  std::string continue_;
  std::string list_version_;
  std::string resource_version_;

  base::Instant opened_{};
  bool open_ = false;
  bool heard_ = false;  ///< any event in this watch

  base::Instant not_before_{};
  base::Backoff backoff_;
  base::Backoff slow_;
  std::optional<base::Instant> last_trouble_;
  Phase failed_in_ = Phase::list;
  unsigned failures_ = 0;
  bool said_ = false;
  unsigned recovered_ = 0;
  unsigned odd_refusals_ = 0;
};

}  // namespace edsm::kube
