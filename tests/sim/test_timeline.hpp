#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

/// A timeline that a test moves by hand.
class ManualTimeline final : public Timeline {
 public:
  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return epoch_ + now_.time_since_epoch(); }
  void after(base::Duration delay, std::function<void()> act) override {
    due_.emplace(now_ + delay, std::move(act));
  }
  std::uint64_t random() override {
    return random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
  }

  /// Moves on, and does in order whatever becomes due on the way.
  void advance(base::Duration time) {
    const auto until = now_ + time;
    while (!due_.empty() && due_.begin()->first <= until) {
      auto node = due_.extract(due_.begin());
      now_ = std::max(now_, node.key());
      node.mapped()();
    }
    now_ = until;
  }

 private:
  base::WallTime epoch_ = base::WallTime(std::chrono::sys_days(std::chrono::year_month_day(
      std::chrono::year(2026), std::chrono::month(11), std::chrono::day(23))));
  base::Instant now_{std::chrono::hours(1)};
  std::multimap<base::Instant, std::function<void()>> due_;
  std::uint64_t random_ = 1;
};

/// Keeps what a service says to one request.
class RecordedExchange final : public Exchange {
 public:
  void answer(Reply reply) override {
    reply_ = std::move(reply);
    answered = true;
  }
  void begin(int status, net::Headers headers) override {
    reply_.status = status;
    reply_.headers = std::move(headers);
    begun = true;
  }
  void data(std::string bytes) override { reply_.body += bytes; }
  void end() override { ended = true; }
  bool gone() const override { return left; }

  const Reply& reply() const { return reply_; }
  /// The bytes of a stream that arrived since the last call.
  std::string take_data() { return std::exchange(reply_.body, {}); }

  bool answered = false;
  bool begun = false;
  bool ended = false;
  bool left = false;  ///< set by the test: the client went away

 private:
  Reply reply_;
};

}  // namespace edsm::sim
