#include "cloud/oauth/jwt.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/certificates.hpp"
#include "support/rsa_key.hpp"

namespace edsm::cloud::oauth {
namespace {

using support::Jwt;
using support::RsaKey;
using testing::HasSubstr;
using testing::Not;

TEST(Jwt, IsSignedAsOpenSslVerifies) {
  const auto& key = RsaKey::shared();
  // Claims of every length modulo three, since base64 pads.
  for (const std::string claims : {R"({"iss":"a"})", R"({"iss":"ab"})", R"({"iss":"abc"})"}) {
    const auto text = sign_jwt(claims, {.id = "kid-1", .thumbprint = {}}, key.pem());
    ASSERT_TRUE(text);
    const Jwt jwt(text->view());
    EXPECT_EQ(jwt.header, R"({"alg":"RS256","typ":"JWT","kid":"kid-1"})");
    EXPECT_EQ(jwt.claims, claims);
    EXPECT_TRUE(key.signed_by_me(jwt.signed_text, jwt.signature));
    EXPECT_FALSE(key.signed_by_me(jwt.signed_text + "x", jwt.signature));
    EXPECT_FALSE(RsaKey().signed_by_me(jwt.signed_text, jwt.signature)) << "another key";
  }
}

TEST(Jwt, WithoutAKeyId) {
  const auto text = sign_jwt("{}", {}, RsaKey::shared().pem());
  ASSERT_TRUE(text);
  EXPECT_EQ(Jwt(text->view()).header, R"({"alg":"RS256","typ":"JWT"})");
}

TEST(Jwt, WithACertificatesThumbprint) {
  const auto text = sign_jwt("{}", {.id = "AB", .thumbprint = "qw"}, RsaKey::shared().pem());
  ASSERT_TRUE(text);
  EXPECT_EQ(Jwt(text->view()).header, R"({"alg":"RS256","typ":"JWT","kid":"AB","x5t":"qw"})");
}

TEST(Jwt, ClaimsAreReadWithoutAKey) {
  for (const std::string subject : {"a", "ab", "abc", "\u00e4?>~"}) {
    const auto text = sign_jwt(R"({"sub":")" + subject + "\"}", {}, RsaKey::shared().pem());
    ASSERT_TRUE(text);
    const auto claims = read_claims(text->view());
    ASSERT_TRUE(claims);
    EXPECT_EQ(base::string_at(claims->root(), "sub"), subject);
  }
  for (const std::string_view bad : {"", "a", "a.b", "a..b", "a.*.b", "a.e30.b.c", "a.W10.b"}) {
    const auto claims = read_claims(bad);
    ASSERT_FALSE(claims) << bad;
    EXPECT_EQ(claims.error().code, "MalformedJwt");
  }
}

TEST(PrivateKey, WhatIsNone) {
  const std::string good = RsaKey::shared().pem();
  EXPECT_TRUE(check_private_key(good));
  std::string damaged = good;
  damaged.replace(damaged.size() / 2, 8, "????????");
  const std::string encrypted =
      "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
  const std::string elliptic = support::Certificate::authority("x").key_pem();
  for (const auto& [pem, why] : std::vector<std::pair<std::string, std::string>>{
           {"", "is no private key in PEM"},
           {"hunter2", "is no private key in PEM"},
           {damaged, "is no private key in PEM"},
           {good.substr(0, good.size() / 2), "is no private key in PEM"},
           {encrypted, "is no private key in PEM"},
           {elliptic, "is no RSA key"},
           {RsaKey(1024).pem(), "must have 2048 to 8192 bits"}}) {
    const auto checked = check_private_key(pem);
    ASSERT_FALSE(checked) << why;
    EXPECT_EQ(checked.error().code, "BadPrivateKey");
    EXPECT_THAT(checked.error().text, HasSubstr(why));
    EXPECT_THAT(checked.error().text, Not(HasSubstr("hunter2")));
    EXPECT_FALSE(sign_jwt("{}", {}, pem));
  }
}

}  // namespace
}  // namespace edsm::cloud::oauth
