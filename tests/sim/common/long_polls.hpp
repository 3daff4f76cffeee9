#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>

#include "sim/timeline.hpp"

namespace edsm::sim {

/// Who waits for a message of one queue. Each poll is answered as soon as there is something for
/// it, or when its time is over; one whose client is gone gets nothing.
class LongPolls {
 public:
  /// When there may be something for somebody without `serve` being called; nullopt: never.
  using Next = std::function<std::optional<base::Instant>()>;

  LongPolls(Timeline& timeline, Next next) : timeline_(timeline), next_(std::move(next)) {}

  struct Poll {
    base::Instant until;
    std::function<bool()> gone;  ///< may be empty
    /// Takes what there is. Returns what answers the poll with it, or null if there is nothing;
    /// when the time is over (`last`) never null.
    std::function<std::function<void()>(bool last)> take;
  };
  void add(Poll poll);
  /// Something became available: answers the polls that can be, and comes back when there may be
  /// more.
  void serve();
  /// When there may be more has changed.
  void wake_up();
  std::size_t waiting() const { return polls_.size(); }

 private:
  Timeline& timeline_;
  Next next_;
  std::list<Poll> polls_;
  std::optional<base::Instant> wakes_at_;
  /// Outlives this in the timeline's hands, and tells that it is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace edsm::sim
