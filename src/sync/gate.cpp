#include "sync/gate.hpp"

#include <utility>

#include <fmt/format.h>

namespace edsm::sync {
namespace {

/// Why a role is refused where no policy is looked at.
std::string off(std::string_view role) {
  return fmt::format(
      "{} is assumed only if a SecretAccessPolicy lists it, and this EDSM runs with --tenancy=off, "
      "which looks at none: ask a cluster administrator for tenancy audit or enforce and such a "
      "policy, or drop spec.cloudProviderOptions.roleARN",
      role);
}

}  // namespace

Verdict Gate::judge(const BindingState& state) const {
  if (state.provider == nullptr) return {};
  const std::string identity(state.provider->identity(state.source));
  if (mode_ == Tenancy::off) {
    return identity.empty() ? Verdict() : Verdict{Verdict::Kind::refused, "", off(identity)};
  }
  return rules.judge({state.binding.key.ns, state.binding.provider,
                      state.provider->place(state.source), identity});
}

bool Gate::insists(const BindingState& state) const {
  if (mode_ == Tenancy::enforce) return true;
  return state.provider != nullptr && !state.provider->identity(state.source).empty();
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
