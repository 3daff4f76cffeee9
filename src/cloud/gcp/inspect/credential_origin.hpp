#pragma once

#include <optional>
#include <string>

#include "cloud/gcp/auth/adc.hpp"

namespace edsm::cloud::gcp {

/// Who the controller is by its settings, for people. Never a key or a token.
struct CredentialOrigin {
  std::string principal;  ///< "edsm@shop.iam.gserviceaccount.com"; empty: they do not tell
  std::string how;        ///< "its key, GOOGLE_APPLICATION_CREDENTIALS=/etc/gcp/key.json"
  /// Of a person's login: tells whose a token is, POSTed as access_token. Empty: nobody to ask.
  std::string token_info_url;
};
CredentialOrigin origin_of(const AdcSettings& settings);

}  // namespace edsm::cloud::gcp
