#pragma once

#include <map>
#include <set>
#include <vector>

#include "base/names.hpp"
#include "base/secret.hpp"
#include "sync/binding_store.hpp"
#include "sync/target.hpp"

namespace edsm::sync {

/// Whose the Secret was before spec.targetSecretName was changed: the binding that owns it, has
/// another target now, and left it to nobody. Null if it is not such a leftover. Pure.
const Binding* former_owner(const Target& target, const BindingStore& bindings);

/// Body of the strategic merge patch that gives a leftover up: without our label, and owned by
/// nobody who exists, so that Kubernetes' garbage collector deletes it as it would with its
/// binding. docs/decisions/renamed-targets.md says why so.
base::SecretBytes release_body(const Target& target);

/// The leftovers that were noticed, by their former owner.
class Leftovers {
 public:
  /// Remembers the target if it is a leftover; returns its former owner then.
  const Binding* notice(const Target& target, const BindingStore& bindings);
  std::vector<base::ObjectKey> of(const base::ObjectKey& binding) const;
  void forget(const base::ObjectKey& binding, const base::ObjectKey& target);

 private:
  std::map<base::ObjectKey, std::set<base::ObjectKey>> noticed_;
};

}  // namespace edsm::sync
