#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

namespace edsm::cloud::azure::auth {

/// An assertion that is not valid now: of a client with a certificate, its clock is wrong.
inline constexpr std::int64_t outside_its_time = 700024;

/// The number of Microsoft Entra's error (AADSTS700016: 700016), of the token endpoint or as a
/// metadata server hands it on; 0: none.
std::int64_t entra_number(const net::Response& response);

/// Who asked for what, for texts.
struct Asked {
  std::string_view url;
  std::string_view tenant;
  std::string_view client_id;
  std::string_view scope;
};

/// The error of a refused request for a token: its code is "AADSTS700016", its text says what that
/// means and the remedy. Entra's own text stays out of it: it can quote what was sent.
base::Error entra_error(const net::Response& response, const Asked& asked);

/// What another issuer's token says of itself: ` (the token's issuer is "…", …)`; empty if it is
/// none.
std::string described(std::string_view assertion);

/// Of a refusal that concerns who issued the assertion, or to whom.
bool is_about_federation(std::int64_t number);

}  // namespace edsm::cloud::azure::auth
