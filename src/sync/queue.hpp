#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/clock.hpp"

namespace edsm::sync {

/// The queue of keys: each key waits at most once and is never worked on twice at a time. A key
/// added while it is worked on is worked on again afterwards. Adding again keeps the earlier due
/// time. Live changes overtake background work. Pure: time is an argument.
class WorkQueue {
 public:
  enum class Priority : std::uint8_t { live, background };
  struct Taken {
    std::string key;
    base::Instant due;
  };

  void add(const std::string& key, base::Instant due, Priority priority = Priority::live);
  /// The most urgent key that is due; it counts as running until `done`.
  std::optional<Taken> take(base::Instant now);
  void done(const std::string& key);
  /// Whatever waits and does not run is due now.
  void hasten();

  /// Waiting and due.
  bool ready(const std::string& key, base::Instant now) const;
  bool waiting(const std::string& key) const { return waiting_.contains(key); }
  bool running(const std::string& key) const { return running_.contains(key); }
  std::size_t waiting_count() const { return waiting_.size(); }
  /// Those whose turn it is next, as of the last `take`.
  std::size_t ready_count() const { return ready_.size(); }
  std::size_t running_count() const { return running_.size(); }
  /// When the next key becomes due; keys that run and wait again count once they are done.
  std::optional<base::Instant> next_due() const;

 private:
  struct Entry {
    base::Instant due;
    Priority priority;
    std::uint64_t order;
  };

  using Waiting = std::unordered_map<std::string, Entry>;
  using Place = const Waiting::value_type*;  ///< that does not move while it waits

  void enlist(Place place);
  void delist(Place place);
  void promote(base::Instant now);

  Waiting waiting_;
  std::unordered_set<std::string> running_;
  /// Waiting and not running, by due time (later) or by rank (due); the order is no two keys'.
  std::set<std::tuple<base::Instant, std::uint64_t, Place>> later_;
  std::set<std::tuple<Priority, std::uint64_t, Place>> ready_;
  std::uint64_t next_order_ = 0;
};

}  // namespace edsm::sync
