#pragma once

#include <string_view>

#include "cloud/provider.hpp"

/// Which bindings mean the secret that somebody names on the command line. Pure; one table row per
/// cloud. Where a name leaves something open, whatever it may mean counts.
namespace edsm::cli {

/// Whether a binding of this cloud may mean the secret called `wanted`: by its name, or in full as
/// its cloud writes it (an ARN, projects/P/secrets/S, the URL of a secret or certificate in a
/// vault, or vault/name).
bool may_mean(std::string_view provider, const cloud::SecretQuery& query, std::string_view wanted);

}  // namespace edsm::cli
