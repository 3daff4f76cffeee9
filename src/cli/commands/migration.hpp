#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "cli/commands/external_secrets.hpp"
#include "cli/commands/manifests.hpp"

/// What `edsm migrate` prints. Pure.
namespace edsm::cli {

struct Migration {
  std::string text;      ///< YAML for `kubectl apply`; what else is to be said are its comments
  std::size_t made = 0;  ///< EventDrivenSecrets
  std::size_t workloads = 0;  ///< that get our annotation
  std::size_t lost = 0;       ///< things that cannot be carried over
};

/// `default_ns`: of manifests that name no namespace; may be empty. `secrets_known`: false if the
/// Secrets that Reloader would search could not be read.
Migration migrate(const Manifests& manifests, std::string_view default_ns, bool secrets_known);

/// An EventDrivenSecret as YAML.
std::string binding_yaml(std::string_view ns, std::string_view name, const WishedBinding& wish);

}  // namespace edsm::cli
