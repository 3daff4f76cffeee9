#include "sync/access_listeners.hpp"

#include <functional>
#include <utility>

#include "base/planted.hpp"

namespace edsm::sync {
namespace {

using Selected = AccessRules::Selected;
using Kind = Verdict::Kind;

base::Text name_of(const boost::json::value& object) {
  return base::string_at(object, "metadata.name");
}

/// Asks for a reconcile of each binding in the namespaces concerned that is allowed no more, or was
/// not until now (also if it is not still: its condition may have to name other policies).
void judge_again(Shared& shared, const std::function<bool(const base::Text& ns)>& concerned) {
  if (base::planted(base::Bug::deaf_to_policies)) return;
  base::Text ns;
  bool look = false;
  for (const auto& [key, state] : shared.bindings.all()) {
    if (key.ns != ns) {
      ns = key.ns;
      look = concerned(ns);
    }
    if (!look) continue;
    const bool was_allowed = shared.gate.noted(key) == Kind::allowed;
    if (was_allowed && shared.gate.judge(state).kind == Kind::allowed) continue;
    shared.trigger(key, WorkQueue::Priority::background);
  }
}

}  // namespace

void PolicyListener::applied(const boost::json::value& object) {
  auto& rules = shared_.gate.rules;
  const auto name = name_of(object);
  const auto policy = decode_access_policy(object);
  const auto* const known = rules.policies.find(name);
  const auto before = known == nullptr ? AccessPolicy() : *known;
  if (!rules.policies.put(name, policy)) return;
  // At start nothing works yet: then everything is looked at anyway.
  if (on_synced_) return;
  judge_again(shared_, [&](const base::Text& ns) {
    return rules.selected(before, ns) != Selected::no || rules.selected(policy, ns) != Selected::no;
  });
}

void PolicyListener::forget(const base::Text& name) {
  auto& rules = shared_.gate.rules;
  const auto* const known = rules.policies.find(name);
  if (known == nullptr) return;
  const auto before = *known;
  rules.policies.erase(name);
  judge_again(shared_,
              [&](const base::Text& ns) { return rules.selected(before, ns) != Selected::no; });
}

void PolicyListener::removed(const boost::json::value& object) {
  forget(name_of(object));
}

void PolicyListener::list_ends(std::string_view /*version*/) {
  for (const auto& name : shared_.gate.rules.policies.list_ends()) forget(name);
  if (on_synced_) std::exchange(on_synced_, nullptr)();
}

void NamespaceListener::list_begins() {
  seen_ = false;
  if (only_.empty()) shared_.gate.rules.namespaces.list_begins();
}

void NamespaceListener::applied(const boost::json::value& object) {
  const auto name = name_of(object);
  seen_ = true;
  if (!shared_.gate.rules.namespaces.put(name, decode_labels(object)) || on_synced_) return;
  judge_again(shared_, [&](const base::Text& ns) { return ns == name; });
}

void NamespaceListener::forget(const base::Text& name) {
  shared_.gate.rules.namespaces.erase(name);
  judge_again(shared_, [&](const base::Text& ns) { return ns == name; });
}

void NamespaceListener::removed(const boost::json::value& object) {
  forget(name_of(object));
}

void NamespaceListener::list_ends(std::string_view /*version*/) {
  if (only_.empty()) {
    for (const auto& name : shared_.gate.rules.namespaces.list_ends()) forget(name);
  } else if (!seen_) {
    forget(only_);
  }
  if (on_synced_) std::exchange(on_synced_, nullptr)();
}

}  // namespace edsm::sync
