#include "sync/gate.hpp"

#include <utility>

namespace edsm::sync {

Verdict Gate::judge(const BindingState& state) const {
  if (mode_ == Tenancy::off || state.provider == nullptr) return {};
  return rules.judge(
      {state.binding.key.ns, state.binding.provider, state.provider->place(state.source)});
}

Verdict::Kind Gate::note(const base::ObjectKey& key, Verdict::Kind kind) {
  const auto before = noted(key);
  auto& refused = refused_[key.ns];
  if (before == Verdict::Kind::refused) --refused;
  if (kind == Verdict::Kind::refused) ++refused;
  if (kind == Verdict::Kind::allowed) {
    noted_.erase(key);
  } else {
    noted_[key] = kind;
  }
  return before;
}

Verdict::Kind Gate::noted(const base::ObjectKey& key) const {
  const auto at = noted_.find(key);
  return at == noted_.end() ? Verdict::Kind::allowed : at->second;
}

}  // namespace edsm::sync
