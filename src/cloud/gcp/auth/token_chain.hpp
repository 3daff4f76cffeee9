#pragma once

#include <memory>

#include "cloud/gcp/auth/adc.hpp"

namespace edsm::cloud::gcp::auth {

/// The provider of a source, and those that it builds on.
std::unique_ptr<oauth::TokenProvider> make_provider(TokenSource source, const AdcDeps& deps,
                                                    const ReadFile& read);

}  // namespace edsm::cloud::gcp::auth
