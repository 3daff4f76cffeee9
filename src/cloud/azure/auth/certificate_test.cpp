#include "cloud/azure/auth/certificate.hpp"

#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cloud/oauth/jwt.hpp"
#include "support/certificates.hpp"
#include "support/client_certificate.hpp"

namespace edsm::cloud::azure::auth {
namespace {

using support::ClientCertificate;
using support::RsaKey;
using testing::HasSubstr;
using testing::Not;

TEST(ClientCertificate, InAllItsForms) {
  const ClientCertificate mine;
  const RsaKey other_key;
  const ClientCertificate other(other_key);
  struct Row {
    std::string_view name;
    std::string bytes;
    std::string_view password;
  };
  const std::vector<Row> rows = {
      {"PEM", mine.pem() + mine.key_pem(), ""},
      {"the key first", "Bag Attributes\n" + mine.key_pem() + "subject=CN = edsm\n" + mine.pem(),
       ""},
      {"a chain", other.pem() + mine.key_pem() + mine.pem(), ""},
      {"a password that nobody asks for", mine.pem() + mine.key_pem(), "hunter2"},
      {"an encrypted key", mine.pem() + mine.key_pem("hunter2"), "hunter2"},
      {"PFX", mine.pfx("hunter2"), "hunter2"},
      {"PFX without a password", mine.pfx(""), ""},
  };
  for (const auto& [name, bytes, password] : rows) {
    const auto read = read_certificate(bytes, password);
    ASSERT_TRUE(read) << name << ": " << read.error().text;
    EXPECT_EQ(read->thumbprint, mine.thumbprint()) << name;
    const auto signed_text = oauth::sign_jwt("{}", {}, read->private_key.view());
    ASSERT_TRUE(signed_text) << name;
    const support::Jwt jwt(signed_text->view());
    EXPECT_TRUE(RsaKey::shared().signed_by_me(jwt.signed_text, jwt.signature)) << name;
  }
}

TEST(ClientCertificate, WhatIsNoneIsSaid) {
  const ClientCertificate mine;
  const RsaKey other_key;
  const ClientCertificate other(other_key);
  const auto elliptic = support::Certificate::authority("x");
  std::string torn = mine.pfx("hunter2");
  torn.resize(torn.size() / 2);
  struct Row {
    std::string bytes;
    std::string_view password;
    std::string_view says;
  };
  const std::vector<Row> rows = {
      {"", "", "neither PEM nor PKCS#12"},
      {"hunter2", "", "neither PEM nor PKCS#12"},
      {torn, "hunter2", "neither PEM nor PKCS#12"},
      {mine.pem(), "", "no private key in PEM"},
      {mine.key_pem(), "", "no certificate in PEM"},
      {mine.pem() + mine.key_pem("hunter2"), "", "no private key in PEM that can be read"},
      {mine.pem() + mine.key_pem("hunter2"), "hunter3", "AZURE_CLIENT_CERTIFICATE_PASSWORD"},
      {other.pem() + mine.key_pem(), "", "none of its certificates is that of its private key"},
      {elliptic.pem() + elliptic.key_pem(), "", "private_key is no RSA key"},
      {mine.pfx("hunter2"), "hunter3", "AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong"},
      {mine.pfx("hunter2"), "", "AZURE_CLIENT_CERTIFICATE_PASSWORD is wrong"},
  };
  for (const auto& [bytes, password, says] : rows) {
    const auto read = read_certificate(bytes, password);
    ASSERT_FALSE(read) << says;
    EXPECT_EQ(read.error().failure, base::Failure::invalid);
    EXPECT_EQ(read.error().code, "BadCertificate");
    EXPECT_THAT(read.error().text, HasSubstr(std::string(says)));
    EXPECT_THAT(read.error().text, Not(HasSubstr("hunter")));
  }
}

}  // namespace
}  // namespace edsm::cloud::azure::auth
