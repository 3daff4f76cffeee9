#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "kube/config.hpp"

namespace edsm::kube {

/// Reads kubeconfig files, the first of which wins per cluster, user, context and for
/// current-context (client-go: tools/clientcmd/loader.go). Relative paths are relative to their
/// file. `context` empty: the current one. Every file must exist.
base::Result<Config> read_kubeconfig(const std::vector<std::string>& files,
                                     std::string_view context);

}  // namespace edsm::kube
