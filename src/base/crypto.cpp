#include "base/crypto.hpp"

#include <array>
#include <cstdlib>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace edsm::base {
namespace {

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

void require(bool ok) {
  if (!ok) std::abort();
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

// OpenSSL's EVP_sha256() and HMAC() look for the method in its providers at each call, which takes
// longer than to digest a short text. So it is looked up once, and never freed: other static
// objects may need it last.

const EVP_MD* sha256_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  require(method != nullptr);
  return method;
}

/// Null where OpenSSL runs in FIPS mode.
const EVP_MD* md5_method() {
  static const EVP_MD* const method = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return method;
}

/// Without a key: each use takes a copy, which is wiped when it is freed.
const EVP_MAC_CTX* hmac_sha256_method() {
  static const EVP_MAC_CTX* const method = [] {
    EVP_MAC_CTX* const context = EVP_MAC_CTX_new(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
    std::string name = "SHA256";
    const std::array<OSSL_PARAM, 2> digest = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0),
        OSSL_PARAM_construct_end()};
    require(context != nullptr && EVP_MAC_CTX_set_params(context, digest.data()) == 1);
    return context;
  }();
  return method;
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 hash{};
  require(EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, sha256_method(), nullptr) ==
          1);
  return hash;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  Sha256 hash{};
  std::size_t length = 0;
  // A null key pointer means "the previous key" to OpenSSL, so an empty key needs an address.
  const std::string_view given = key.empty() ? "" : key;
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(
      EVP_MAC_CTX_dup(hmac_sha256_method()), &EVP_MAC_CTX_free);
  require(context != nullptr &&
          EVP_MAC_init(context.get(), bytes_of(given), given.size(), nullptr) == 1 &&
          EVP_MAC_update(context.get(), bytes_of(bytes), bytes.size()) == 1 &&
          EVP_MAC_final(context.get(), hash.data(), &length, hash.size()) == 1);
  return hash;
}

std::optional<std::string> md5_hex(std::string_view bytes) {
  std::array<unsigned char, 16> hash{};
  const EVP_MD* const method = md5_method();
  if (method == nullptr) return std::nullopt;
  require(EVP_Digest(bytes.data(), bytes.size(), hash.data(), nullptr, method, nullptr) == 1);
  return hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text.push_back(digits[value >> 4U]);
    text.push_back(digits[value & 0xFU]);
  }
  return text;
}

std::string hex(const Sha256& hash) {
  return hex({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

void base64_append(std::string_view bytes, SecretBytes& out) {
  const std::size_t start = out.size();
  const std::size_t length = (bytes.size() + 2) / 3 * 4;
  out.reserve(start + length + 1);  // EVP_EncodeBlock writes a trailing NUL
  out.resize(start + length + 1);
  auto* const target = reinterpret_cast<unsigned char*>(out.span().data() + start);
  EVP_EncodeBlock(target, bytes_of(bytes), static_cast<int>(bytes.size()));
  out.resize(start + length);
}

std::string base64(std::string_view bytes) {
  SecretBytes out;
  base64_append(bytes, out);
  return std::string(out.view());
}

std::optional<SecretBytes> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  SecretBytes out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t at = 0; at < text.size(); at += 4) {
    const bool last = at + 4 == text.size();
    std::size_t padding = 0;
    if (last && text[at + 3] == '=') padding = text[at + 2] == '=' ? 2 : 1;
    unsigned value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const int digit = i >= 4 - padding ? 0 : digit_of(text[at + i]);
      if (digit < 0) return std::nullopt;
      value = value << 6U | static_cast<unsigned>(digit);
    }
    const bool stray_bits =
        (padding == 1 && (value & 0xFFU) != 0) || (padding == 2 && (value & 0xFFFFU) != 0);
    if (stray_bits) return std::nullopt;
    for (std::size_t i = 0; i < 3 - padding; ++i) {
      out.push_back(static_cast<char>(value >> (16U - 8U * i) & 0xFFU));
    }
  }
  return out;
}

SecretBytes random_bytes(std::size_t count) {
  SecretBytes bytes;
  bytes.resize(count);
  require(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.span().data()),
                     static_cast<int>(count)) == 1);
  return bytes;
}

}  // namespace edsm::base
