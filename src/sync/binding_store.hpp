#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <memory_resource>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/backoff.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/names.hpp"
#include "base/rare.hpp"
#include "cloud/provider.hpp"
#include "sync/binding.hpp"
#include "sync/drift_guard.hpp"
#include "sync/pause.hpp"
#include "sync/plan.hpp"
#include "sync/status.hpp"

namespace edsm::sync {

/// What is remembered of failures and fights, for as long as it matters.
struct Trouble {
  base::Backoff backoff{std::chrono::milliseconds(250), std::chrono::minutes(5)};
  std::optional<base::Instant> failing_since;
  std::optional<base::Instant> gone_since;  ///< the source was said to be gone, without a break
  DriftGuard drift_guard;
  bool operator==(const Trouble&) const = default;
};

/// What was noticed of a pause; docs/decisions/pauses.md.
struct PauseMemory {
  bool rests = false;  ///< something may have been left undone: read again when it is over
  base::Text misread;  ///< the annotation that was complained about
  bool operator==(const PauseMemory&) const = default;
};

/// One binding and what the controller knows about it.
struct BindingState {
  Binding binding;
  cloud::Provider* provider = nullptr;
  cloud::Source source;
  std::unique_ptr<base::Error> spec_error;  ///< null: the spec says where the source is
  Applied applied;
  base::WallTime changed;  ///< what is applied, in the cloud, said an event; the epoch: none did
  Wishes wishes;
  bool look_first = false;  ///< Kubernetes refused the last run: ask it before the cloud
  bool listed = true;       ///< by the relist that is under way
  Report report;
  std::uint64_t trigger = 0;  ///< when it was last asked for (Fetcher::tick)
  base::Rare<Trouble> trouble;
  base::Rare<PauseMemory> pause;
};

/// A node of the store's map, which has four words of its own, is just not of the pool's next size.
static_assert(sizeof(std::pair<const base::ObjectKey, BindingState>) + 4 * sizeof(void*) <= 448);

/// The clouds that this program can read, by the name in spec.cloudProvider.
using Providers = std::map<std::string, cloud::Provider*, std::less<>>;

/// All bindings, found by key, by match key, by cloud secret and by target.
class BindingStore {
 public:
  explicit BindingStore(const Providers& providers) : providers_(providers) {}

  struct Change {
    bool fresh = false;     ///< not known before
    bool relevant = false;  ///< something that a reconcile looks at is different
    /// Its status is another one than that in which our report was found: an earlier leader had
    /// written it, and the watch was behind.
    bool misread = false;
  };
  Change put(Binding binding);
  /// From now on another leader works: what it records in the statuses is what is known.
  void follow() { leading_ = false; }
  /// From now on, as at first, only we do: what is known is what we did.
  void lead() { leading_ = true; }
  /// The bindings that share the erased one's target, which may now take it over.
  std::vector<base::ObjectKey> erase(const base::ObjectKey& key);

  BindingState* find(const base::ObjectKey& key);
  const BindingState* find(const base::ObjectKey& key) const;
  std::vector<base::ObjectKey> matching(const std::vector<std::string>& match_keys) const;
  std::vector<base::ObjectKey> of_source(const base::Text& source_id) const;
  std::vector<base::ObjectKey> of_target(const base::ObjectKey& target) const;
  /// The older binding of the same target, if there is one: it wins.
  std::optional<base::ObjectKey> rival_of(const Binding& binding) const;

  using States = std::pmr::map<base::ObjectKey, BindingState>;
  const States& all() const { return states_; }
  States& all() { return states_; }

  /// Bindings that are paused at `now`.
  std::size_t paused_count(base::WallTime now) const;
  /// Whether the binding that the target belongs to is paused at `now`.
  bool paused(const base::ObjectKey& target, base::WallTime now) const;

  /// A relist of one namespace (empty: of all) begins.
  void list_begins(std::string_view ns = {});
  /// Keys that the relist did not bring (still in the store).
  std::vector<base::ObjectKey> list_ends(std::string_view ns = {});

 private:
  /// By the hash of what it is that they are found by: nearly always that has one binding only, and
  /// each entry costs a few words. Whoever asks looks whether it is really theirs.
  using Index = std::pmr::unordered_multimap<std::size_t, const BindingState*>;

  void link(const BindingState& state);
  void unlink(const BindingState& state);
  void resolve(BindingState& state) const;

  const Providers& providers_;
  bool leading_ = true;
  std::pmr::unsynchronized_pool_resource nodes_;  ///< side by side, without an allocation each
  States states_{&nodes_};
  Index by_match_key_{&nodes_};
  Index by_source_{&nodes_};
  Index by_target_{&nodes_};
  std::set<base::ObjectKey> pauses_;  ///< with an annotation that asks for one
};

}  // namespace edsm::sync
