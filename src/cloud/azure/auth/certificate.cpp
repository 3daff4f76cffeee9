#include "cloud/azure/auth/certificate.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include "cloud/oauth/jwt.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using X509Ptr = std::unique_ptr<X509, decltype(&X509_free)>;

std::unexpected<base::Error> bad(std::string why) {
  ERR_clear_error();
  return base::fail(base::Failure::invalid, "BadCertificate", std::move(why));
}

Bio reader(std::string_view bytes) {
  return Bio(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())), &BIO_free);
}

/// Answers OpenSSL's question with `data`, a string_view; nobody is asked at a terminal.
int give_password(char* buffer, int size, int /*writing*/, void* data) {
  const auto& password = *static_cast<const std::string_view*>(data);
  if (password.empty() || password.size() > static_cast<std::size_t>(size)) return -1;
  std::memcpy(buffer, password.data(), password.size());
  return static_cast<int>(password.size());
}

/// The same key as PEM without a password.
base::SecretBytes plain_pem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_secmem()), &BIO_free);
  base::SecretBytes pem;
  if (PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1) {
    const char* data = nullptr;
    const long size = BIO_get_mem_data(out.get(), &data);
    pem.append({data, static_cast<std::size_t>(size)});
  }
  return pem;
}

base::Result<Certificate> checked(EVP_PKEY* key, X509* certificate) {
  Certificate result;
  result.private_key = plain_pem(key);
  if (auto good = oauth::check_private_key(result.private_key.view()); !good)
    return bad("its " + good.error().text);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha1(), digest.data(), &size) != 1)
    return bad("its certificate has no SHA-1 thumbprint, which Microsoft Entra wants");
  result.thumbprint.assign(reinterpret_cast<const char*>(digest.data()), size);
  return result;
}

base::Result<Certificate> from_pem(std::string_view bytes, std::string_view password) {
  const Bio keys = reader(bytes);
  const Key key(PEM_read_bio_PrivateKey(keys.get(), nullptr, &give_password, &password),
                &EVP_PKEY_free);
  if (key == nullptr) {
    return bad(
        "it has no private key in PEM that can be read; put certificate and key into one file, and "
        "a key's password into AZURE_CLIENT_CERTIFICATE_PASSWORD");
  }
  const Bio certificates = reader(bytes);
  bool any = false;
  for (;;) {
    const X509Ptr each(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr),
                       &X509_free);
    if (each == nullptr) break;
    any = true;
    if (X509_check_private_key(each.get(), key.get()) == 1) return checked(key.get(), each.get());
  }
  return bad(any ? "none of its certificates is that of its private key"
                 : "it has no certificate in PEM; put certificate and key into one file");
}

base::Result<Certificate> from_pfx(std::string_view bytes, std::string_view password) {
  const Bio file = reader(bytes);
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> box(d2i_PKCS12_bio(file.get(), nullptr),
                                                            &PKCS12_free);
  if (box == nullptr) return bad("it is neither PEM nor PKCS#12 (PFX)");
  base::SecretBytes terminated(password);
  terminated.push_back('\0');
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  const bool opened =
      PKCS12_parse(box.get(), terminated.view().data(), &key, &certificate, nullptr) == 1;
  const Key held_key(key, &EVP_PKEY_free);
  const X509Ptr held_certificate(certificate, &X509_free);
  if (!opened) {
    return bad(
        "this PKCS#12 (PFX) file cannot be opened: AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong, or "
        "it is encrypted in an old way (RC2, 3DES); make PEM of it by `openssl pkcs12 -legacy "
        "-nodes`");
  }
  if (key == nullptr || certificate == nullptr)
    return bad("this PKCS#12 (PFX) file lacks a private key or its certificate");
  return checked(key, certificate);
}

}  // namespace

base::Result<Certificate> read_certificate(std::string_view bytes, std::string_view password) {
  ERR_clear_error();
  auto result =
      bytes.contains("-----BEGIN ") ? from_pem(bytes, password) : from_pfx(bytes, password);
  ERR_clear_error();
  return result;
}

}  // namespace edsm::cloud::azure::auth
