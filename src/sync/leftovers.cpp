#include "sync/leftovers.hpp"

#include "base/json_writer.hpp"
#include "kube/api.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

constexpr std::string_view kNobody = "00000000-0000-0000-0000-000000000000";

}  // namespace

const Binding* former_owner(const Target& target, const BindingStore& bindings) {
  if (target.owner_kind != kube::kBindings.kind || target.deleting) return nullptr;
  base::ObjectKey name(target.key);
  name.name = target.owner_name;
  const auto* const state = bindings.find(name);
  if (state == nullptr) return nullptr;
  const auto& binding = state->binding;
  const bool left = binding.uid == target.owner_uid && !binding.deleting &&
                    binding.target.creation == CreationPolicy::owner &&
                    binding.target_key() != target.key;
  if (!left || !bindings.of_target(target.key).empty()) return nullptr;
  return &binding;
}

base::SecretBytes release_body(const Target& target) {
  base::JsonWriter json;
  json.begin_object();
  json.key("metadata").begin_object();
  json.member("uid", target.uid).member("resourceVersion", target.resource_version);
  json.key("labels").begin_object().key(kManagedLabel).null().end_object();
  json.key("ownerReferences").begin_array();
  json.begin_object().member("$patch", "delete").member("uid", target.owner_uid).end_object();
  json.begin_object();
  json.member("apiVersion", kube::kBindings.api_version()).member("kind", kube::kBindings.kind);
  json.member("name", target.owner_name).member("uid", kNobody);
  json.end_object();
  json.end_array();
  json.end_object();
  json.end_object();
  return std::move(json).take();
}

const Binding* Leftovers::notice(const Target& target, const BindingStore& bindings) {
  const auto* const owner = former_owner(target, bindings);
  if (owner != nullptr) noticed_[owner->key].insert(target.key);
  return owner;
}

std::vector<base::ObjectKey> Leftovers::of(const base::ObjectKey& binding) const {
  const auto at = noticed_.find(binding);
  if (at == noticed_.end()) return {};
  return {at->second.begin(), at->second.end()};
}

void Leftovers::forget(const base::ObjectKey& binding, const base::ObjectKey& target) {
  const auto at = noticed_.find(binding);
  if (at == noticed_.end()) return;
  at->second.erase(target);
  if (at->second.empty()) noticed_.erase(at);
}

}  // namespace edsm::sync
