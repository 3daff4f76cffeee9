#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/kind.hpp"
#include "sim/cluster/object.hpp"

namespace edsm::sim {

/// Who set which fields: one entry of `metadata.managedFields` with operation "Update".
struct Manager {
  std::string name;
  std::string api_version;
  std::string subresource;  ///< "status" or nothing
  std::string time;         ///< when it last set one, RFC 3339 in whole seconds
  std::set<std::string> fields;
};
using Managers = std::vector<Manager>;

/// The owners after `who` (its `fields` are not looked at) turned `before` (null: nothing) into
/// `after`: who sets or changes a field takes it from all others, and a removed field belongs to
/// nobody, so that a manager may lose its last field and its entry.
Managers managers_after(const Kind& kind, Managers managers, const Object* before,
                        const Object& after, Manager who);

/// As `metadata.managedFields` has them.
Value to_json(const Managers& managers);

}  // namespace edsm::sim
