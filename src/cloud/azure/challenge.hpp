#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/azure/hosts.hpp"

namespace edsm::cloud::azure {

/// Which token a vault wants, as the header WWW-Authenticate of its 401 says it.
struct Challenge {
  std::string tenant;  ///< an id
  std::string scope;   ///< "https://vault.azure.net/.default"
  bool operator==(const Challenge&) const = default;
};

/// Pure. Failure::credentials, code "UntrustedChallenge", if the token is one for somebody else
/// than `host` (which must lie below the resource's host), or from another authority than the
/// cloud's: it must not be asked for then. Code "InvalidChallenge" if it is none.
base::Result<Challenge> read_challenge(std::string_view header, std::string_view host,
                                       const Hosts& hosts);

}  // namespace edsm::cloud::azure
