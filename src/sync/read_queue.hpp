#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.hpp"

namespace edsm::sync {

/// When reads are sent, and which of them together. Pure: time is an argument.
///
/// A read whose scope has nothing under way leaves at once, with all that wait beside it. While a
/// batch of its scope is under way it waits for company: until the batch is full, the one under way
/// has returned, or `kPatience` has passed. So a single change waits for nothing, and a flood makes
/// few, full batches instead of many small ones.
///
/// In a crowd, when enough others to fill the batch are about to ask, it waits for them: until it
/// is full, the crowd is gone, or `kPatienceInACrowd` has passed.
template <class Read>
class ReadQueue {
 public:
  /// About as long as a read takes: a stuck one must not hold up the others.
  static constexpr base::Duration kPatience = std::chrono::milliseconds(20);

  /// Writing goes on meanwhile, and is what a flood really waits for.
  static constexpr base::Duration kPatienceInACrowd = std::chrono::milliseconds(500);

  void add(const std::string& scope, std::size_t batch_limit, Read read, base::Instant now) {
    auto& line = lines_[scope];
    line.batch_limit = batch_limit;
    line.waiting.emplace_back(std::move(read), now);
  }

  /// The reads that leave now, all of one scope; empty: none. `soon` is how many others are about
  /// to ask. Each batch that is taken must be reported back by `returned`.
  std::vector<Read> take(base::Instant now, std::size_t soon = 0) {
    std::vector<Read> batch;
    Line* const line = next(now, soon);
    if (line == nullptr) return batch;
    while (!line->waiting.empty() && batch.size() < line->batch_limit) {
      batch.push_back(std::move(line->waiting.front().first));
      line->waiting.pop_front();
    }
    ++line->under_way;
    return batch;
  }

  void returned(const std::string& scope) {
    const auto at = lines_.find(scope);
    if (--at->second.under_way == 0 && at->second.waiting.empty()) lines_.erase(at);
  }

  /// When `take` has something to give if nothing else happens; nullopt: nothing waits.
  std::optional<base::Instant> due(std::size_t soon = 0) const {
    std::optional<base::Instant> earliest;
    for (const auto& [scope, line] : lines_) {
      if (line.waiting.empty()) continue;
      const auto when = line.due(soon);
      if (!earliest || when < *earliest) earliest = when;
    }
    return earliest;
  }

 private:
  struct Line {
    std::deque<std::pair<Read, base::Instant>> waiting;
    std::size_t batch_limit = 1;
    std::size_t under_way = 0;

    base::Instant oldest() const { return waiting.front().second; }
    base::Instant due(std::size_t soon) const {
      if (waiting.size() >= batch_limit) return oldest();
      if (waiting.size() + soon >= batch_limit) return oldest() + kPatienceInACrowd;
      return under_way == 0 ? oldest() : oldest() + kPatience;
    }
  };

  /// Of the scopes that may send, the one that waits longest.
  Line* next(base::Instant now, std::size_t soon) {
    Line* found = nullptr;
    for (auto& [scope, line] : lines_) {
      if (line.waiting.empty() || line.due(soon) > now) continue;
      if (found == nullptr || line.oldest() < found->oldest()) found = &line;
    }
    return found;
  }

  std::map<std::string, Line> lines_;
};

}  // namespace edsm::sync
