#include "sync/binding_store.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace edsm::sync {
namespace {

template <class Map, class Key>
void drop(Map& map, const Key& key, const base::ObjectKey& member) {
  const auto at = map.find(key);
  if (at == map.end()) return;
  at->second.erase(member);
  if (at->second.empty()) map.erase(at);
}

template <class Map, class Key>
std::vector<base::ObjectKey> members(const Map& map, const Key& key) {
  const auto at = map.find(key);
  if (at == map.end()) return {};
  return {at->second.begin(), at->second.end()};
}

std::string names_of(const Providers& providers) {
  std::string names;
  for (const auto& [name, provider] : providers) names += (names.empty() ? "" : ", ") + name;
  return names;
}

bool older(const Binding& a, const Binding& b) {
  if (a.created != b.created) return a.created < b.created;
  return a.uid < b.uid;
}

}  // namespace

void BindingStore::resolve(BindingState& state) const {
  state.provider = nullptr;
  state.source = {};
  state.spec_error.reset();
  const auto& binding = state.binding;
  const auto found = providers_.find(binding.provider);
  if (found == providers_.end()) {
    state.spec_error = base::Error{
        base::Failure::invalid, "UnknownProvider",
        fmt::format(
            "spec.cloudProvider \"{}\" is not one that this EDSM is set up for: use one of {}",
            binding.provider, names_of(providers_)),
        std::nullopt};
    return;
  }
  auto source = found->second->resolve(binding.query);
  if (!source) {
    state.spec_error = std::move(source.error());
    return;
  }
  state.provider = found->second;
  state.source = std::move(*source);
}

void BindingStore::link(BindingState& state) {
  const auto& key = state.binding.key;
  by_target_[state.binding.target_key()].insert(key);
  if (state.provider == nullptr) return;
  by_source_[state.source.id].insert(key);
  for (const auto& match : state.provider->match_keys(state.source))
    by_match_key_[match].insert(key);
}

void BindingStore::unlink(const BindingState& state) {
  const auto& key = state.binding.key;
  drop(by_target_, state.binding.target_key(), key);
  if (state.provider == nullptr) return;
  drop(by_source_, state.source.id, key);
  for (const auto& match : state.provider->match_keys(state.source))
    drop(by_match_key_, match, key);
}

BindingStore::Change BindingStore::put(Binding binding) {
  const auto key = binding.key;
  unseen_.erase(key);
  const auto [at, fresh] = states_.try_emplace(key);
  auto& state = at->second;
  const bool reborn = !fresh && state.binding.uid != binding.uid;
  const auto& before = state.binding;
  const bool relevant = fresh || reborn || before.generation != binding.generation ||
                        before.sync_request != binding.sync_request ||
                        before.deleting != binding.deleting;
  if (!relevant) {
    state.binding.status = std::move(binding.status);
    return {};
  }
  if (!fresh) unlink(state);
  if (reborn) state = BindingState();
  state.binding = std::move(binding);
  if (fresh || reborn) state.applied = applied_from(state.binding.status);
  state.backoff.reset();
  resolve(state);
  link(state);
  return {fresh || reborn, true};
}

std::vector<base::ObjectKey> BindingStore::erase(const base::ObjectKey& key) {
  const auto at = states_.find(key);
  if (at == states_.end()) return {};
  const auto target = at->second.binding.target_key();
  unlink(at->second);
  states_.erase(at);
  return of_target(target);
}

BindingState* BindingStore::find(const base::ObjectKey& key) {
  const auto at = states_.find(key);
  return at == states_.end() ? nullptr : &at->second;
}

const BindingState* BindingStore::find(const base::ObjectKey& key) const {
  const auto at = states_.find(key);
  return at == states_.end() ? nullptr : &at->second;
}

std::vector<base::ObjectKey> BindingStore::matching(
    const std::vector<std::string>& match_keys) const {
  KeySet found;
  for (const auto& match : match_keys) {
    const auto at = by_match_key_.find(match);
    if (at != by_match_key_.end()) found.insert(at->second.begin(), at->second.end());
  }
  return {found.begin(), found.end()};
}

std::vector<base::ObjectKey> BindingStore::of_source(const std::string& source_id) const {
  return members(by_source_, source_id);
}

std::vector<base::ObjectKey> BindingStore::of_target(const base::ObjectKey& target) const {
  return members(by_target_, target);
}

std::optional<base::ObjectKey> BindingStore::rival_of(const Binding& binding) const {
  const auto at = by_target_.find(binding.target_key());
  if (at == by_target_.end()) return std::nullopt;
  const Binding* oldest = nullptr;
  for (const auto& key : at->second) {
    const auto& other = states_.at(key).binding;
    if (other.key == binding.key || other.deleting) continue;
    if (older(other, binding) && (oldest == nullptr || older(other, *oldest))) oldest = &other;
  }
  return oldest == nullptr ? std::nullopt : std::optional(oldest->key);
}

void BindingStore::list_begins() {
  unseen_.clear();
  for (const auto& [key, state] : states_) unseen_.insert(key);
}

std::vector<base::ObjectKey> BindingStore::list_ends() {
  std::vector<base::ObjectKey> gone(unseen_.begin(), unseen_.end());
  unseen_.clear();
  return gone;
}

}  // namespace edsm::sync
