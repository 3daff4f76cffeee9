#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "sim/cluster/object.hpp"
#include "sim/service.hpp"

namespace edsm::sim {

class Stored;

/// Who wants to do what to what, in the words of RBAC.
struct Access {
  std::string user;
  std::string verb;  ///< "get", "list", "watch", "create", "update", "patch", "delete"
  std::string group;
  std::string resource;     ///< plural
  std::string subresource;  ///< "status" or nothing
  std::string ns;           ///< empty: all namespaces
  std::string name;         ///< empty: the collection
};

/// Looks at each request of the wire before it is done, after its token was accepted. An answer
/// takes the place of what the server would do; nothing lets it pass.
using Gate = std::function<std::optional<Reply>(const Access&)>;

/// One write that the server was asked for, in the order in which it answered them.
struct AuditEntry {
  base::Instant at;
  Access access;
  std::string manager;
  std::string uid;             ///< of the object, if it exists
  int status = 200;            ///< of the answer
  std::uint64_t revision = 0;  ///< of the object after it; that of before if nothing changed
  bool changed = false;        ///< false for refusals and for writes that change nothing
  /// The write changed `spec.template` of a workload (or created it): a rollout began.
  bool rollout = false;
  /// The object after the write, or, of a deletion, as it was last; null if it was refused.
  std::shared_ptr<const Stored> object;
};

}  // namespace edsm::sim
