#pragma once

#include <array>
#include <memory>
#include <vector>

#include "sim/cluster/call.hpp"
#include "sim/cluster/selector.hpp"
#include "sim/cluster/store.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

/// The open watches.
class Watches : public std::enable_shared_from_this<Watches> {
 public:
  /// Both must outlive it.
  Watches(Timeline& timeline, const Store& store) : timeline_(timeline), store_(store) {}

  /// Answers at once: with a stream, or with a refusal.
  void open(const Call& call, ExchangePtr exchange);
  void publish(const Change& change);
  /// Ends all of them properly.
  void close_all();
  std::size_t count() const;
  /// The server read the kind up to the current revision: bookmarks may say so.
  void read_up(const Kind& kind) { seen_[kind.index] = store_.revision(); }

 private:
  struct Watch;
  using WatchPtr = std::shared_ptr<Watch>;

  void begin_with_objects(Watch& watch, bool marked);
  void begin_with_changes(Watch& watch);
  void plan_bookmark(const WatchPtr& watch);
  void bookmark(const Watch& watch, std::uint64_t revision, bool initial_end) const;
  static void send(const Watch& watch, const Change& change);
  void forget(const Watch& watch);

  Timeline& timeline_;
  const Store& store_;
  std::array<std::vector<WatchPtr>, kKinds> open_;
  /// How far the server has read each kind; 0: nothing happened to it since the start.
  std::array<std::uint64_t, kKinds> seen_{};
};

}  // namespace edsm::sim
