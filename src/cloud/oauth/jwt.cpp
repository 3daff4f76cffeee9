#include "cloud/oauth/jwt.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"

namespace edsm::cloud::oauth {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Digest = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr int min_bits = 2048;
/// Larger ones take seconds, in which the one thread does nothing else.
constexpr int max_bits = 8192;

std::unexpected<base::Error> bad_key(std::string why) {
  ERR_clear_error();
  return base::fail(base::Failure::invalid, "BadPrivateKey", "private_key " + std::move(why));
}

/// An encrypted key must not ask anybody at the terminal.
int no_password(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) {
  return -1;
}

base::Result<Key> read_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free);
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_password, nullptr), &EVP_PKEY_free);
  if (key == nullptr) return bad_key("is no private key in PEM");
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) return bad_key("is no RSA key");
  const int bits = EVP_PKEY_get_bits(key.get());
  if (bits < min_bits || bits > max_bits) return bad_key("must have 2048 to 8192 bits");
  return key;
}

base::Result<base::SecretBytes> sign(std::string_view text, EVP_PKEY* key) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const Digest context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  base::SecretBytes signature;
  std::size_t size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
  signature.resize(size);
  const bool done =
      EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key) == 1 &&
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.span().data()),
                     &size, bytes, text.size()) == 1;
  if (!done) return bad_key("does not sign; are its numbers damaged?");
  signature.resize(size);
  return signature;
}

}  // namespace

base::Result<> check_private_key(std::string_view pem) {
  const auto key = read_key(pem);
  if (!key) return std::unexpected(key.error());
  return {};
}

void append_base64url(std::string_view bytes, base::SecretBytes& out) {
  const std::size_t start = out.size();
  base::base64_append(bytes, out);
  const auto added = out.span().subspan(start);
  std::ranges::replace(added, '+', '-');
  std::ranges::replace(added, '/', '_');
  while (out.view().ends_with('=')) out.resize(out.size() - 1);
}

base::Result<base::SecretBytes> sign_jwt(std::string_view claims, const JwtKey& named,
                                         std::string_view private_key_pem) {
  const auto key = read_key(private_key_pem);
  if (!key) return std::unexpected(key.error());
  base::JsonWriter header;
  header.begin_object().member("alg", "RS256").member("typ", "JWT");
  if (!named.id.empty()) header.member("kid", named.id);
  if (!named.thumbprint.empty()) header.member("x5t", named.thumbprint);
  header.end_object();

  base::SecretBytes jwt;
  append_base64url(header.bytes().view(), jwt);
  jwt.push_back('.');
  append_base64url(claims, jwt);
  const auto signature = sign(jwt.view(), key->get());
  if (!signature) return std::unexpected(signature.error());
  jwt.push_back('.');
  append_base64url(signature->view(), jwt);
  return jwt;
}

base::Result<base::JsonDocument> read_claims(std::string_view jwt) {
  const auto malformed = [] {
    return base::fail(base::Failure::invalid, "MalformedJwt", "it is no JWT");
  };
  const auto first = jwt.find('.');
  const auto last = jwt.rfind('.');
  if (first == std::string_view::npos || first == last) return malformed();
  base::SecretBytes text(jwt.substr(first + 1, last - first - 1));
  std::ranges::replace(text.span(), '-', '+');
  std::ranges::replace(text.span(), '_', '/');
  while (text.size() % 4 != 0) text.push_back('=');
  const auto claims = base::base64_decode(text.view());
  if (!claims) return malformed();
  auto document = base::JsonDocument::parse(claims->view());
  if (!document || !document->root().is_object()) return malformed();
  return document;
}

}  // namespace edsm::cloud::oauth
