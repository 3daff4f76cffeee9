#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sync/apply.hpp"
#include "sync/digest.hpp"
#include "sync/plan.hpp"
#include "sync/target.hpp"

namespace edsm::sync {

/// What it means for a target to be given a value.
struct Change {
  bool data_equal = false;    ///< it holds the very data already
  bool onto_nothing = false;  ///< it holds no data at all
  bool news = true;  ///< a value that it was not given before; false: nothing, or a restoration
  /// Since when it has the value, for its changed-at; nullopt: from now on. Empty: nobody knows,
  /// and nothing speaks for now.
  std::optional<std::string> since;
};

/// Judges what writing `desired` would be. `held` is the digest of the data that the target holds;
/// `applied`, what we remember to have applied last, tells where its own marks do not. Pure.
///
/// | target            | its marks, or else our memory       | news                              |
/// |-------------------|-------------------------------------|-----------------------------------|
/// | there             | digest under a key that we know     | another digest                    |
/// | there             | digest under a lost key, or none    | other data and another version    |
/// | not there         | our memory                          | another digest                    |
///
/// A target that is restored after an edit or a deletion did not change for its workloads, so it
/// keeps its time. One made anew, of which nobody remembers the time, changed now: workloads may
/// have missed it.
Change judge_change(const Desired& desired, const Target* target, std::string_view held,
                    const Applied& applied, const Digester& digester);

}  // namespace edsm::sync
