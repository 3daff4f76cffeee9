#include "sync/change.hpp"

namespace edsm::sync {
namespace {

bool is_news(const Desired& desired, const Target& target, bool data_equal, const Applied& applied,
             const Digester& digester) {
  const auto& last = digester.knows(target.digest) ? target.digest : applied.hash;
  if (digester.knows(last)) return last != desired.digest;
  // One version is one value, so data that differ from their version's were edited.
  const bool same_version = target.version == desired.version && target.source == desired.source;
  return !data_equal && !same_version;
}

}  // namespace

Change judge_change(const Desired& desired, const Target* target, std::string_view held,
                    const Applied& applied, const Digester& digester) {
  Change change;
  if (target == nullptr) {
    change.news = applied.hash != desired.digest;
    if (!change.news && !applied.changed_at.empty()) change.since = applied.changed_at;
    return change;
  }
  ShapedData nothing;
  nothing.type = desired.data.type;
  change.data_equal = held == desired.digest;
  change.onto_nothing = held == digester.digest(nothing);
  change.news = is_news(desired, *target, change.data_equal, applied, digester);
  if (!change.news) {
    change.since = target->changed_at.empty() ? applied.changed_at : target->changed_at;
  }
  return change;
}

}  // namespace edsm::sync
