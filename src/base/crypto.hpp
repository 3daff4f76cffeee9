#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.hpp"

/// Thin, pure wrappers over OpenSSL. They abort on an OpenSSL failure, which means out of memory or
/// a broken installation, never bad input.
namespace edsm::base {

using Sha256 = std::array<unsigned char, 32>;

Sha256 sha256(std::string_view bytes);
Sha256 hmac_sha256(std::string_view key, std::string_view bytes);
/// Lower-case hexadecimal MD5; nullopt where OpenSSL runs in FIPS mode.
std::optional<std::string> md5_hex(std::string_view bytes);

std::string hex(std::string_view bytes);
std::string hex(const Sha256& hash);

/// Standard alphabet with padding. Appends to `out`.
void base64_append(std::string_view bytes, SecretBytes& out);
std::string base64(std::string_view bytes);
/// nullopt on anything that is not canonical base64 (line breaks are not accepted).
std::optional<SecretBytes> base64_decode(std::string_view text);

/// Cryptographically strong random bytes, for keys.
SecretBytes random_bytes(std::size_t count);

}  // namespace edsm::base
