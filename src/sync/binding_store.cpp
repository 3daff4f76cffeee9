#include "sync/binding_store.hpp"

#include <algorithm>
#include <functional>
#include <ranges>
#include <utility>

#include <fmt/format.h>

namespace edsm::sync {
namespace {

/// The entries of an index under one hash.
auto entries(auto& index, std::size_t hash) {
  const auto [begin, end] = index.equal_range(hash);
  return std::ranges::subrange(begin, end);
}

void drop(auto& index, std::size_t hash, const BindingState& state) {
  const auto all = entries(index, hash);
  const auto at = std::ranges::find(all, &state, [](const auto& entry) { return entry.second; });
  if (at != all.end()) index.erase(at);
}

/// Keys of those under the hash that are really meant, in order.
std::vector<base::ObjectKey> members(const auto& index, std::size_t hash, const auto& meant) {
  std::vector<base::ObjectKey> keys;
  for (const auto& [same, state] : entries(index, hash)) {
    if (meant(*state)) keys.push_back(state->binding.key);
  }
  std::ranges::sort(keys);
  return keys;
}

std::size_t hash_of(std::string_view match_key) {
  return std::hash<std::string_view>()(match_key);
}

std::size_t hash_of(const base::ObjectKey& key) {
  return base::ObjectKeyHash()(key);
}

bool has_target(const Binding& binding, const base::ObjectKey& target) {
  return binding.key.ns == target.ns && binding.target.name == target.name;
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

/// What a status says was done, for what is known.
void recall(BindingState& state) {
  using Truth = SeenStatus::Truth;
  const auto& binding = state.binding;
  state.applied = applied_from(binding.words);
  PauseMemory known;
  known.rests = binding.status.paused() == Truth::yes;
  if (binding.status.paused() == Truth::no) known.misread = binding.paused_until;
  state.pause = std::move(known);
}

/// Of a status that is new; its words stay only where they are needed again.
void read_status(BindingState& state, bool recalled) {
  if (recalled) recall(state);
  if (state.binding.paused_until.empty()) state.binding.words = {};
}

}  // namespace

void BindingStore::resolve(BindingState& state) const {
  state.provider = nullptr;
  state.source = {};
  state.spec_error.reset();
  const auto& binding = state.binding;
  const auto found = providers_.find(binding.provider);
  if (found == providers_.end()) {
    state.spec_error = std::make_unique<base::Error>(
        base::Failure::invalid, "UnknownProvider",
        fmt::format(
            "spec.cloudProvider \"{}\" is not one that this EDSM is set up for: use one of {}",
            binding.provider, names_of(providers_)),
        std::nullopt);
    return;
  }
  auto source = found->second->resolve(binding.query);
  if (!source) {
    state.spec_error = std::make_unique<base::Error>(std::move(source.error()));
    return;
  }
  state.provider = found->second;
  state.source = std::move(*source);
}

void BindingStore::link(const BindingState& state) {
  by_target_.emplace(hash_of(state.binding.target_key()), &state);
  if (state.provider == nullptr) return;
  by_source_.emplace(state.source.id.hash(), &state);
  for (const auto& match : state.provider->match_keys(state.source))
    by_match_key_.emplace(hash_of(match), &state);
}

void BindingStore::unlink(const BindingState& state) {
  drop(by_target_, hash_of(state.binding.target_key()), state);
  if (state.provider == nullptr) return;
  drop(by_source_, state.source.id.hash(), state);
  for (const auto& match : state.provider->match_keys(state.source))
    drop(by_match_key_, hash_of(match), state);
}

BindingStore::Change BindingStore::put(Binding binding) {
  const auto key = binding.key;
  const auto [at, fresh] = states_.try_emplace(key);
  auto& state = at->second;
  state.listed = true;
  const bool reborn = !fresh && state.binding.uid != binding.uid;
  const auto& before = state.binding;
  const bool relevant = fresh || reborn || before.generation != binding.generation ||
                        before.sync_request != binding.sync_request ||
                        before.paused_until != binding.paused_until ||
                        before.deleting != binding.deleting;
  if (!relevant) {
    const bool misread = leading_ && state.report.found &&
                         state.binding.status.fingerprint != binding.status.fingerprint;
    state.binding.status = std::move(binding.status);
    state.binding.words = std::move(binding.words);
    read_status(state, !leading_);
    return {.misread = misread};
  }
  if (!fresh) unlink(state);
  if (reborn) state = BindingState();
  state.binding = std::move(binding);
  read_status(state, fresh || reborn || !leading_);
  pauses_.erase(key);
  if (!state.binding.paused_until.empty()) pauses_.insert(key);
  auto trouble = *state.trouble;
  trouble.backoff.reset();
  state.trouble = std::move(trouble);
  resolve(state);
  state.binding.query = {};  // answered
  link(state);
  return {fresh || reborn, true};
}

std::vector<base::ObjectKey> BindingStore::erase(const base::ObjectKey& key) {
  const auto at = states_.find(key);
  if (at == states_.end()) return {};
  const auto target = at->second.binding.target_key();
  unlink(at->second);
  pauses_.erase(key);
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
  std::set<base::ObjectKey> found;
  for (const auto& match : match_keys) {
    const auto meant = [&](const BindingState& state) {
      const auto own = state.provider->match_keys(state.source);
      return std::ranges::find(own, match) != own.end();
    };
    for (auto& key : members(by_match_key_, hash_of(match), meant)) found.insert(std::move(key));
  }
  return {found.begin(), found.end()};
}

std::vector<base::ObjectKey> BindingStore::of_source(const base::Text& source_id) const {
  return members(by_source_, source_id.hash(),
                 [&](const BindingState& state) { return state.source.id == source_id; });
}

std::vector<base::ObjectKey> BindingStore::of_target(const base::ObjectKey& target) const {
  return members(by_target_, hash_of(target),
                 [&](const BindingState& state) { return has_target(state.binding, target); });
}

std::optional<base::ObjectKey> BindingStore::rival_of(const Binding& binding) const {
  const auto target = binding.target_key();
  const Binding* oldest = nullptr;
  for (const auto& [same, state] : entries(by_target_, hash_of(target))) {
    const auto& other = state->binding;
    if (!has_target(other, target) || other.key == binding.key || other.deleting) continue;
    if (older(other, binding) && (oldest == nullptr || older(other, *oldest))) oldest = &other;
  }
  return oldest == nullptr ? std::nullopt : std::optional(oldest->key);
}

std::size_t BindingStore::paused_count(base::WallTime now) const {
  return static_cast<std::size_t>(std::ranges::count_if(pauses_, [&](const auto& key) {
    return judge_pause(states_.at(key).binding.paused_until, now).holds();
  }));
}

bool BindingStore::paused(const base::ObjectKey& target, base::WallTime now) const {
  return std::ranges::any_of(pauses_, [&](const auto& key) {
    const auto& binding = states_.at(key).binding;
    return has_target(binding, target) && judge_pause(binding.paused_until, now).holds() &&
           !rival_of(binding);
  });
}

void BindingStore::list_begins(std::string_view ns) {
  for (auto& [key, state] : states_) {
    if (ns.empty() || key.ns == ns) state.listed = false;
  }
}

std::vector<base::ObjectKey> BindingStore::list_ends(std::string_view ns) {
  std::vector<base::ObjectKey> gone;
  for (auto& [key, state] : states_) {
    const bool meant = ns.empty() || key.ns == ns;
    if (meant && !std::exchange(state.listed, true)) gone.push_back(key);
  }
  return gone;
}

}  // namespace edsm::sync
