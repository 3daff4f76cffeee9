#pragma once

#include <cstdint>
#include <map>

#include "base/names.hpp"
#include "sync/access_rules.hpp"
#include "sync/binding_store.hpp"

namespace edsm::sync {

/// What becomes of bindings that no SecretAccessPolicy permits.
enum class Tenancy : std::uint8_t {
  off,      ///< nothing: policies are not even looked at
  audit,    ///< it is told
  enforce,  ///< nothing is read for them
};
// Of those that are to be read with a role of their own nothing is read in any mode without a
// permission: docs/decisions/roles.md.

/// Between match and fetch: whom the policies let through. Everything that asks a cloud for a
/// binding asks here first.
class Gate {
 public:
  explicit Gate(Tenancy mode) : mode_(mode) {}

  Tenancy mode() const { return mode_; }
  /// What the policies say; of a spec without a source that it is allowed. With tenancy off what
  /// needs no role is allowed, and what needs one refused.
  Verdict judge(const BindingState& state) const;
  /// Whether that counts, or is only told.
  bool insists(const BindingState& state) const;
  /// What it means for the binding.
  Verdict verdict(const BindingState& state) const {
    return insists(state) ? judge(state) : Verdict();
  }
  bool passes(const BindingState& state) const {
    return verdict(state).kind == Verdict::Kind::allowed;
  }

  /// Remembers what was judged last of a binding; returns what it was before.
  Verdict::Kind note(const base::ObjectKey& key, Verdict::Kind kind);
  Verdict::Kind noted(const base::ObjectKey& key) const;
  /// How many of a namespace were refused then; of one that was noted.
  std::int64_t refused_in(const base::Text& ns) const { return refused_.at(ns); }

  AccessRules rules;

 private:
  Tenancy mode_;
  std::map<base::ObjectKey, Verdict::Kind> noted_;  ///< without those that are allowed
  std::map<base::Text, std::int64_t> refused_;      ///< by namespace
};

}  // namespace edsm::sync
