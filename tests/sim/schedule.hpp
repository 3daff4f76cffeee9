#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "sim/timeline.hpp"

namespace edsm::sim {

/// One life of a process, or the world outside of all of them.
using Owner = int;
inline constexpr Owner kWorld = 0;

/// The one queue of everything that will happen, ordered by virtual time, then by the order in
/// which it was planned. The only clock and the only source of chance of a run.
class Schedule final : public Timeline {
 public:
  explicit Schedule(std::uint64_t seed) : state_(seed) {}

  base::Instant now() const override { return now_; }
  base::WallTime wall() const override { return epoch() + now_.time_since_epoch(); }
  void after(base::Duration delay, std::function<void()> act) override {
    at(now_ + delay, kWorld, std::move(act));
  }
  std::uint64_t random() override;
  static base::WallTime epoch();

  /// Chance: true in `per_mille` of 1,000 draws. A draw is made in any case.
  bool chance(unsigned per_mille) { return random() % 1000 < per_mille; }
  /// Evenly out of [low, high].
  base::Duration between(base::Duration low, base::Duration high);
  std::size_t index(std::size_t size) { return static_cast<std::size_t>(random() % size); }

  void at(base::Instant when, Owner owner, std::function<void()> act);
  /// What the owner still had to do will not happen.
  void drop(Owner owner) { dropped_.insert(owner); }
  /// Until `resume`, what becomes due for the owner is kept, in order.
  void pause(Owner owner) { paused_[owner]; }
  void resume(Owner owner);

  /// Does the next thing and returns whose it was; stops short of `until` and returns nothing then,
  /// with the time moved there.
  std::optional<Owner> step(base::Instant until);
  /// How many things were done so far.
  std::uint64_t steps() const { return steps_; }

 private:
  struct Item {
    base::Instant at;
    std::uint64_t order;
    Owner owner;
    std::function<void()> act;
    bool operator>(const Item& other) const {
      return at != other.at ? at > other.at : order > other.order;
    }
  };

  void push(Item item);

  std::uint64_t state_;
  base::Instant now_{std::chrono::hours(1)};
  std::uint64_t order_ = 0;
  std::uint64_t steps_ = 0;
  std::vector<Item> heap_;
  std::set<Owner> dropped_;
  std::map<Owner, std::vector<Item>> paused_;
};

}  // namespace edsm::sim
