#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::cloud::azure::auth {

/// What an application signs with instead of sending a password.
struct Certificate {
  base::SecretBytes private_key;  ///< PEM, without a password
  std::string thumbprint;         ///< SHA-1 of the certificate: 20 bytes
};

/// Reads a certificate with its RSA key: PEM, with both in any order, or PKCS#12 (PFX). Of several
/// certificates it is the key's. Failure::invalid, code "BadCertificate", with cause and remedy and
/// never a byte of the key.
base::Result<Certificate> read_certificate(std::string_view bytes, std::string_view password);

}  // namespace edsm::cloud::azure::auth
