#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "support/rsa_key.hpp"

namespace edsm::support {

/// A self-signed certificate of an RSA key, as an application has one.
class ClientCertificate {
 public:
  explicit ClientCertificate(const RsaKey& key = RsaKey::shared())
      : key_(read(key.pem()), &EVP_PKEY_free), certificate_(X509_new(), &X509_free) {
    X509* const x = certificate_.get();
    static long serial = 0;
    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>("edsm"), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    if (X509_sign(x, key_.get(), EVP_sha256()) == 0) throw std::runtime_error("X509_sign");
  }

  std::string pem() const {
    return text([&](BIO* out) { return PEM_write_bio_X509(out, certificate_.get()); });
  }
  std::string key_pem() const { return key_pem(""); }
  /// Encrypted, unless the password is empty.
  std::string key_pem(const std::string& password) const {
    return text([&](BIO* out) {
      const bool plain = password.empty();
      return PEM_write_bio_PKCS8PrivateKey(out, key_.get(), plain ? nullptr : EVP_aes_256_cbc(),
                                           plain ? nullptr : password.data(),
                                           static_cast<int>(password.size()), nullptr, nullptr);
    });
  }
  std::string pfx(const std::string& password) const {
    const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> box(
        PKCS12_create(password.c_str(), "edsm", key_.get(), certificate_.get(), nullptr, 0, 0, 0, 0,
                      0),
        &PKCS12_free);
    return text([&](BIO* out) { return i2d_PKCS12_bio(out, box.get()); });
  }
  /// SHA-1 of the whole certificate.
  std::string thumbprint() const {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate_.get(), &der);
    std::string digest(20, '\0');
    EVP_Digest(der, static_cast<std::size_t>(size), reinterpret_cast<unsigned char*>(digest.data()),
               nullptr, EVP_sha1(), nullptr);
    OPENSSL_free(der);
    return digest;
  }

 private:
  static EVP_PKEY* read(const std::string& pem) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> in(
        BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
    return PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, nullptr);
  }
  template <class Write>
  static std::string text(Write write) {
    const std::unique_ptr<BIO, decltype(&BIO_free_all)> out(BIO_new(BIO_s_mem()), &BIO_free_all);
    if (write(out.get()) != 1) throw std::runtime_error("OpenSSL cannot write it");
    const char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    return {data, static_cast<std::size_t>(size)};
  }

  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
};

}  // namespace edsm::support
