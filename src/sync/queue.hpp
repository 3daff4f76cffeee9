#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sync {

/// The queue of keys: each key waits at most once and is never worked on twice at a time. A key
/// added while it is worked on is worked on again afterwards. Adding again keeps the earlier due
/// time. Live changes overtake background work. Pure: time is an argument.
///
/// A key waits in a lane, a small number, and each lane has as many places as any other: work of
/// one lane that does not come to an end takes no place of another.
class WorkQueue {
 public:
  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();

  enum class Priority : std::uint8_t { live, background };
  struct Taken {
    std::string key;
    base::Instant due;
  };

  /// `places`: how many keys of each lane run at a time.
  explicit WorkQueue(std::size_t places = kUnlimited) : places_(places) {}

  /// The key waits in the lane that was named last, and runs to its end in the one it was taken
  /// from.
  void add(const std::string& key, base::Instant due, Priority priority = Priority::live,
           std::size_t lane = 0);
  /// The most urgent key that is due in a lane with a free place; it counts as running until
  /// `done`.
  std::optional<Taken> take(base::Instant now);
  void done(const std::string& key);
  /// Whatever waits and does not run is due now.
  void hasten();

  /// Waiting and due.
  bool ready(const std::string& key, base::Instant now) const;
  bool waiting(const std::string& key) const { return waiting_.contains(key); }
  bool running(const std::string& key) const { return running_.contains(key); }
  std::size_t waiting_count() const { return waiting_.size(); }
  /// Those whose turn it is next, as of the last `take` with a free place.
  std::size_t ready_count() const;
  std::size_t ready_count(std::size_t lane) const;
  std::size_t running_count() const { return running_.size(); }
  std::size_t running_count(std::size_t lane) const;
  /// When the next key can be taken, if it only has to become due: those in lanes without a free
  /// place, and keys that run and wait again, count once one is done.
  std::optional<base::Instant> next_due() const;

 private:
  struct Entry {
    base::Instant due;
    Priority priority;
    std::uint64_t order;
    std::size_t lane;
  };

  using Waiting = std::unordered_map<std::string, Entry>;
  using Place = const Waiting::value_type*;  ///< that does not move while it waits

  struct Lane {
    /// Waiting and not running, by due time (later) or by rank (due); the order is no two keys'.
    std::set<std::tuple<base::Instant, std::uint64_t, Place>> later;
    std::set<std::tuple<Priority, std::uint64_t, Place>> ready;
    std::size_t running = 0;
  };

  void enlist(Place place);
  void delist(Place place);
  static void promote(Lane& lane, base::Instant now);
  bool has_room(const Lane& lane) const { return lane.running < places_; }

  std::size_t places_;
  Waiting waiting_;
  std::unordered_map<std::string, std::size_t> running_;  ///< and the lane they were taken from
  std::vector<Lane> lanes_;
  std::uint64_t next_order_ = 0;
};

}  // namespace edsm::sync
