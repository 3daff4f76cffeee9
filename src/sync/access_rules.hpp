#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "sync/access_policy.hpp"
#include "sync/label_selector.hpp"

namespace edsm::sync {

/// Things by their names, kept equal to a list and watch.
template <class Value>
class NamedStore {
 public:
  /// Whether that is news.
  bool put(const base::Text& name, Value value) {
    unseen_.erase(name);
    const auto [at, fresh] = all_.try_emplace(name);
    if (!fresh && at->second == value) return false;
    at->second = std::move(value);
    return true;
  }
  void erase(const base::Text& name) { all_.erase(name); }
  const Value* find(const base::Text& name) const {
    const auto at = all_.find(name);
    return at == all_.end() ? nullptr : &at->second;
  }
  const std::map<base::Text, Value>& all() const { return all_; }

  void list_begins() {
    unseen_.clear();
    for (const auto& [name, value] : all_) unseen_.insert(name);
  }
  /// Names that the relist did not bring (still in the store).
  std::vector<base::Text> list_ends() {
    std::vector<base::Text> gone(unseen_.begin(), unseen_.end());
    unseen_.clear();
    return gone;
  }

 private:
  std::map<base::Text, Value> all_;
  std::set<base::Text> unseen_;
};

/// Whether a secret may be read.
struct Verdict {
  enum class Kind : std::uint8_t {
    allowed,
    refused,
    waiting,  ///< a policy may allow it: the labels of the namespace are not known yet
  };
  Kind kind = Kind::allowed;
  std::string policy;  ///< allowed: by which
  std::string why;     ///< refused: names what is missing and whom to ask for what
  bool operator==(const Verdict&) const = default;
};

/// What the policies say, given the labels of the namespaces. Pure. What no policy permits is
/// refused; several add up.
class AccessRules {
 public:
  enum class Selected : std::uint8_t { yes, no, unknown };

  Selected selected(const AccessPolicy& policy, const base::Text& ns) const;
  Verdict judge(const AccessRequest& request) const;

  NamedStore<AccessPolicy> policies;
  NamedStore<Labels> namespaces;
};

}  // namespace edsm::sync
