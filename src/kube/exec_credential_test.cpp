#include "kube/exec_credential.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "base/time.hpp"

namespace edsm::kube {
namespace {

constexpr std::string_view kV1 = "client.authentication.k8s.io/v1";

std::string output(const std::string& status, std::string_view version = kV1) {
  return R"({"kind":"ExecCredential","apiVersion":")" + std::string(version) + R"(","status":)" +
         status + "}";
}

TEST(ExecCredential, Token) {
  const auto got = parse_exec_credential(
      output(R"({"token":"t","expirationTimestamp":"2026-11-23T00:10:00Z"})") + "\n", kV1);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->token.view(), "t");
  EXPECT_EQ(got->expiry, base::parse_rfc3339("2026-11-23T00:10:00Z"));
}

TEST(ExecCredential, Certificate) {
  const auto got =
      parse_exec_credential(output(R"({"clientCertificateData":"C","clientKeyData":"K"})"), kV1);
  ASSERT_TRUE(got) << got.error().text;
  EXPECT_EQ(got->cert_pem.view(), "C");
  EXPECT_EQ(got->key_pem.view(), "K");
  EXPECT_FALSE(got->expiry);
}

TEST(ExecCredential, WrongOutputIsNotQuoted) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "not JSON"},
      {"hunter2", "not JSON"},
      {"{}", "no ExecCredential"},
      {output(R"({"token":"hunter2"})", "client.authentication.k8s.io/v1beta1"),
       "another apiVersion"},
      {output("{}"), "neither"},
      {output("null"), "neither"},
      {output(R"({"token":""})"), "neither"},
      {output(R"({"clientCertificateData":"hunter2"})"), "without key"},
      {output(R"({"token":"hunter2","clientKeyData":"hunter2"})"), "without certificate"},
      {output(R"({"token":"t","expirationTimestamp":"hunter2"})"), "not a time"}};
  for (const auto& [text, said] : cases) {
    const auto got = parse_exec_credential(text, kV1);
    ASSERT_FALSE(got) << text;
    EXPECT_EQ(got.error().code, "ExecPlugin");
    EXPECT_EQ(got.error().failure, base::Failure::credentials);
    EXPECT_TRUE(got.error().text.contains(said)) << got.error().text;
    EXPECT_FALSE(got.error().text.contains("hunter2"));
  }
}

TEST(ExecCredential, Info) {
  ExecPlugin plugin;
  plugin.api_version = kV1;
  EXPECT_EQ(exec_info(plugin),
            R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
            R"("spec":{"interactive":false}})");
  plugin.cluster_info = R"({"server":"s"})";
  EXPECT_TRUE(
      exec_info(plugin).ends_with(R"("spec":{"interactive":false,"cluster":{"server":"s"}}})"));
}

}  // namespace
}  // namespace edsm::kube
