#include "cloud/gcp/auth/trusted_url.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::cloud::gcp::auth {
namespace {

struct Row {
  std::string_view url;
  std::string_view service;
  bool trusted;
  std::string_view universe = "googleapis.com";
};

TEST(TrustedUrl, OfTokenServices) {
  const std::vector<Row> rows = {
      {"https://oauth2.googleapis.com/token", oauth_service, true},
      {"https://OAUTH2.googleapis.com:443/token", oauth_service, true},
      {"https://accounts.google.com/o/oauth2/token", oauth_service, true},
      {"https://www.googleapis.com/oauth2/v4/token", oauth_service, true},
      {"https://oauth2.mtls.googleapis.com/token", oauth_service, true},
      {"https://sts.googleapis.com/v1/token", sts_service, true},
      {"https://sts.europe-west1.rep.googleapis.com/v1/token", sts_service, true},
      {"https://us-east1.sts.googleapis.com/v1/token", sts_service, true},
      {"https://us-east1-sts.googleapis.com/v1/token", sts_service, true},
      {"https://sts-private.p.googleapis.com/v1/token", sts_service, true},
      {"https://iamcredentials.googleapis.com/v1/x", iam_service, true},
      {"https://sts.example.goog/v1/token", sts_service, true, "example.goog"},
      // This machine, for emulators.
      {"http://127.0.0.1:4510/token", oauth_service, true},
      {"http://localhost:1/token", sts_service, true},
      {"https://[::1]:1/token", iam_service, true},

      {"http://oauth2.googleapis.com/token", oauth_service, false},
      {"https://oauth2.googleapis.com:8443/token", oauth_service, false},
      {"https://oauth2.googleapis.com.evil.example/token", oauth_service, false},
      {"https://evil.example/oauth2.googleapis.com", oauth_service, false},
      {"https://oauth2.googleapis.com@evil.example/token", oauth_service, false},
      {"https://notgoogleapis.com/token", oauth_service, false},
      {"https://googleapis.com/token", oauth_service, false},
      {"https://127.0.0.1.evil.example/token", oauth_service, false},
      {"https://169.254.169.254/token", oauth_service, false},
      {"https://sts.googleapis.com/v1/token", oauth_service, false},
      {"https://accounts.google.com/o/oauth2/token", sts_service, false},
      // Names below Google's domain that anybody may have: buckets.
      {"https://sts.storage.googleapis.com/v1/token", sts_service, false},
      {"https://sts-evil.storage.googleapis.com/v1/token", sts_service, false},
      {"https://storage.googleapis.com/sts/v1/token", sts_service, false},
      {"https://evil.a.sts.googleapis.com/v1/token", sts_service, false},
      {"https://sts.evil.example/v1/token", sts_service, false, "example.goog"},
      {"https://sts.googleapis.com/v1/token", sts_service, false, "example.goog"},
      {"https://accounts.google.com/o/oauth2/token", oauth_service, false, "example.goog"},
      {"file:///etc/passwd", oauth_service, false},
      {"", oauth_service, false},
  };
  for (const Row& row : rows) {
    const auto checked = check_token_url(row.url, row.service, row.universe, "token_uri");
    EXPECT_EQ(checked.has_value(), row.trusted) << row.url << " " << row.universe;
    if (checked) continue;
    EXPECT_EQ(checked.error().code, "UntrustedUrl");
    EXPECT_TRUE(checked.error().text.starts_with("token_uri ")) << checked.error().text;
  }
}

TEST(TrustedUrl, OfSubjectTokens) {
  for (const std::string_view good :
       {"https://anywhere.example/token", "http://127.0.0.1:80/token",
        "http://169.254.169.254/metadata/identity/oauth2/token?resource=x"}) {
    EXPECT_TRUE(check_subject_url(good, "url")) << good;
  }
  for (const std::string_view bad :
       {"http://anywhere.example/token", "http://10.0.0.1/", "ftp://x/", "token"}) {
    EXPECT_FALSE(check_subject_url(bad, "url")) << bad;
  }
}

TEST(TrustedUrl, OfInstanceMetadata) {
  for (const std::string_view good : {"http://169.254.169.254/latest/meta-data/placement/x",
                                      "http://[fd00:ec2::254]/latest", "http://127.0.0.1:1338/"}) {
    EXPECT_TRUE(check_ec2_url(good, "url")) << good;
  }
  for (const std::string_view bad : {"https://anywhere.example/", "http://169.254.169.253/", "x"}) {
    EXPECT_FALSE(check_ec2_url(bad, "url")) << bad;
  }
}

TEST(TrustedUrl, WhatNeverGoesThroughAProxy) {
  EXPECT_TRUE(is_direct("http://169.254.169.254/x"));
  EXPECT_TRUE(is_direct("http://localhost/x"));
  EXPECT_FALSE(is_direct("https://token.example/x"));
  EXPECT_FALSE(is_direct("nonsense"));
}

}  // namespace
}  // namespace edsm::cloud::gcp::auth
