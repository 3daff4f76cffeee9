#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/rare.hpp"
#include "sync/access_rules.hpp"
#include "sync/binding.hpp"
#include "sync/digest.hpp"
#include "sync/hinted.hpp"
#include "sync/pause.hpp"
#include "sync/target.hpp"

namespace edsm::sync {

/// Why a binding must be looked at again, beside what its objects show. Kept in memory until done.
struct Wishes {
  bool fetch = false;         ///< a retry, or hints that name no version or several
  base::Rare<Hinted> hinted;  ///< from an event
  base::Text swept_version;   ///< from the sweep

  /// An event came. Events come in any order, so the last one must not hide what an earlier one
  /// said: of two versions nobody knows which is current. Of those of one version the first stays.
  void hint(Hinted next);
  /// What was wished before is still wished.
  void join(const Wishes& earlier);
};

/// What was applied last with success. Seeded from the binding's status at start, authoritative in
/// memory afterwards, since one's own status writes come back late.
struct Applied {
  std::int64_t generation = -1;
  base::Text hash;              ///< digest of the data
  base::Text version;           ///< of the cloud's value
  base::Text resource_version;  ///< of the target: as long as it has this one, nobody touched it
  base::Text sync_request;      ///< value of edsm.io/last-updated
  base::Text changed_at;        ///< of the target, whose own mark may be taken away
};
Applied applied_from(const SeenStatus& status);

/// Everything that the plan looks at.
struct Facts {
  Facts(const Binding& binding_, const Digester& digester_)
      : binding(binding_), digester(digester_) {}

  const Binding& binding;
  const Digester& digester;
  base::Text source_id;                    ///< empty: the spec could not be resolved
  Pause pause;                             ///< of the binding, just now
  std::optional<base::Error> spec_error;   ///< why
  Verdict verdict;                         ///< whether the source may be read
  std::optional<base::ObjectKey> rival;    ///< an older binding of the same target
  const Target* target = nullptr;          ///< as last seen; null: not there (or not labelled)
  const Inspection* inspection = nullptr;  ///< a fresh full read of the target, if one was made
  bool looked = false;                     ///< the server was asked whether the target is there
  Applied applied;
  Wishes wishes;
};

/// The reason of a binding that the gate refuses.
inline constexpr std::string_view kNotAllowed = "NotAllowed";

struct Plan {
  enum class Action : std::uint8_t {
    forget,   ///< being deleted: nothing to do
    wait,     ///< look again in a moment; nothing is wrong
    rest,     ///< paused: nothing until that is over
    stop,     ///< cannot go on until something changes; `reason` and `message` say what
    inspect,  ///< read the target itself, then plan again
    fetch,    ///< read the cloud's value and apply it; `reason` says why
    settle,   ///< all is as it should be
  };
  Action action = Action::settle;
  std::string reason;
  std::string message;
  bool drift = false;  ///< fetch, because somebody changed or deleted the target
};

/// The policy of a reconcile: named checks in order, the first that applies wins. Pure.
Plan plan(const Facts& facts);

}  // namespace edsm::sync
