#pragma once

#include "sim/cluster/call.hpp"
#include "sim/cluster/refusal.hpp"
#include "sim/cluster/store.hpp"

namespace edsm::sim {

/// The whole object, or its metadata, as the call wants it.
const std::string& view_of(const Call& call, const Stored& object);

Outcome<std::string> get_object(const Store& store, const Call& call);

/// One page. A resourceVersion that lies ahead is refused at once ("ResourceVersionTooLarge"); the
/// caller knows how long the server waits for it.
Outcome<std::string> list_objects(const Store& store, const Call& call);

/// Whether the list is a consistent read: no resourceVersion, no continuation.
bool is_consistent(const Call& call);

}  // namespace edsm::sim
