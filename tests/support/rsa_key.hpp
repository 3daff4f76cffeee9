#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/crypto.hpp"

namespace edsm::support {

/// A private key made on the spot, and OpenSSL's own judgement of what was signed with it.
class RsaKey {
 public:
  explicit RsaKey(unsigned bits = 2048) : key_(EVP_RSA_gen(bits), &EVP_PKEY_free) {
    if (key_ == nullptr) throw std::runtime_error("EVP_RSA_gen");
  }
  /// One for all tests of a program: making a key takes a while.
  static const RsaKey& shared() {
    static const RsaKey key;
    return key;
  }

  /// PKCS#8, as in a service account's key file.
  std::string pem() const {
    const std::unique_ptr<BIO, decltype(&BIO_free)> out(BIO_new(BIO_s_mem()), &BIO_free);
    if (PEM_write_bio_PKCS8PrivateKey(out.get(), key_.get(), nullptr, nullptr, 0, nullptr,
                                      nullptr) != 1) {
      throw std::runtime_error("PEM");
    }
    const char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  /// RS256
  bool signed_by_me(std::string_view text, std::string_view signature) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                          &EVP_MD_CTX_free);
    const auto bytes = [](std::string_view view) {
      return reinterpret_cast<const unsigned char*>(view.data());
    };
    return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(text),
                            text.size()) == 1;
  }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
};

/// A JWT in its parts, decoded.
struct Jwt {
  std::string header;
  std::string claims;
  std::string signature;
  std::string signed_text;

  explicit Jwt(std::string_view text) {
    const auto first = text.find('.');
    const auto second = text.find('.', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos ||
        text.find('.', second + 1) != std::string_view::npos) {
      throw std::runtime_error("not a JWT: " + std::string(text));
    }
    header = decode(text.substr(0, first));
    claims = decode(text.substr(first + 1, second - first - 1));
    signature = decode(text.substr(second + 1));
    signed_text = text.substr(0, second);
  }

 private:
  static std::string decode(std::string_view part) {
    std::string standard(part);
    for (char& c : standard) {
      if (c == '+' || c == '/' || c == '=') throw std::runtime_error("not base64url");
      if (c == '-') c = '+';
      if (c == '_') c = '/';
    }
    standard.resize((standard.size() + 3) / 4 * 4, '=');
    const auto bytes = base::base64_decode(standard);
    if (!bytes) throw std::runtime_error("not base64url");
    return std::string(bytes->view());
  }
};

}  // namespace edsm::support
