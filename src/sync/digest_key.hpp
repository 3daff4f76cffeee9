#pragma once

#include <string>

#include "base/error.hpp"
#include "base/task.hpp"
#include "kube/api.hpp"
#include "sync/digest.hpp"

namespace edsm::sync {

/// Reads the digest key from the Secret `edsm-digest-key` in the controller's own namespace, or
/// makes one there at the first start. Losing that Secret costs a re-verification, never a restart.
base::Task<base::Result<Digester>> load_digest_key(kube::Api& api, std::string ns);

}  // namespace edsm::sync
