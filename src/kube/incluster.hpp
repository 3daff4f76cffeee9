#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "kube/config.hpp"

namespace edsm::kube {

inline constexpr std::string_view kServiceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/// True if the variables that every pod gets are set.
bool in_cluster(const Getenv& getenv);
/// Configuration of a pod by its service account, whose files are in `folder`.
base::Result<Config> read_in_cluster(const Getenv& getenv,
                                     std::string_view folder = kServiceAccount);

}  // namespace edsm::kube
