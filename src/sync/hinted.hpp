#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace edsm::sync {

/// What an event said of a binding's cloud secret, and when it was where.
struct Hinted {
  base::Text version;                                     ///< that it names; empty: none
  std::optional<base::WallTime> changed = std::nullopt;   ///< its own time; often whole seconds
  std::optional<base::WallTime> queued = std::nullopt;    ///< by the queue
  std::optional<base::WallTime> received = std::nullopt;  ///< by us; none: there was no event
  bool operator==(const Hinted&) const = default;

  /// Whether the value of this version may be the one that it speaks of.
  bool may_mean(const base::Text& that) const { return version.empty() || version == that; }
  /// When the value changed, as far as anybody said.
  std::optional<base::WallTime> since() const { return changed ? changed : queued; }
};

/// "changed 2026-11-28T12:00:00Z, queued 2026-11-28T12:00:00.104Z, received …": what is known, for
/// logs and for the end of a Kubernetes Event's note, in brackets.
std::string describe(const Hinted& hinted);
/// The times of a note that ends like that. Without, none.
Hinted times_in(std::string_view note);

}  // namespace edsm::sync
