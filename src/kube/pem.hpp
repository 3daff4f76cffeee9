#pragma once

#include <string_view>

namespace edsm::kube {

/// At least one certificate, and nothing that does not parse.
bool holds_certificates(std::string_view pem);
/// The key belongs to the first certificate. False while only one of two files has been replaced.
bool pair_matches(std::string_view cert_pem, std::string_view key_pem);

}  // namespace edsm::kube
