#include "kube/authority.hpp"

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kube/pem.hpp"
#include "kube/test_support.hpp"
#include "support/scratch_folder.hpp"

namespace edsm::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

struct Pair {
  std::string cert;
  std::string key;
};

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

/// A self-signed certificate.
Pair make_pair() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* cert = X509_new();
  ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
  X509_gmtime_adj(X509_getm_notBefore(cert), 0);
  X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
  X509_set_pubkey(cert, key);
  X509_sign(cert, key, EVP_sha256());
  BIO* cert_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(cert_pem, cert);
  BIO* key_pem = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(key_pem, key, nullptr, nullptr, 0, nullptr, nullptr);
  X509_free(cert);
  EVP_PKEY_free(key);
  return {drain(cert_pem), drain(key_pem)};
}

class FixedRunner final : public base::ProcessRunner {
 public:
  explicit FixedRunner(std::string output) : output_(std::move(output)) {}
  base::Task<base::Result<base::SecretBytes>> run(base::Command) override {
    co_return base::SecretBytes(output_);
  }

 private:
  std::string output_;
};

class AuthorityTest : public ::testing::Test {
 protected:
  void make(std::string plugin_output = {}) {
    config.source = "test";
    std::vector<SetTransport> sinks;
    sinks.emplace_back([this](net::Transport transport) { given.push_back(std::move(transport)); });
    authority.emplace(std::move(config), bench.clock,
                      std::make_unique<FixedRunner>(std::move(plugin_output)), std::move(sinks));
  }
  base::Result<> authorise(std::string url = "https://k/") {
    net::Request request(net::Method::get, std::move(url));
    auto result = bench.run(authority->authorise(request));
    headers = request.headers;
    return result;
  }
  std::string sent(std::string url = "https://k/") {
    const auto result = authorise(std::move(url));
    if (!result) return "!" + result.error().code;
    return std::string(headers.find("Authorization").value_or("none"));
  }

  test::Bench bench{false};
  support::ScratchFolder folder;
  Config config;
  net::Headers headers;
  std::vector<net::Transport> given;
  std::optional<ConfigAuthority> authority;
};

TEST_F(AuthorityTest, Anonymous) {
  make();
  EXPECT_EQ(sent(), "none");
  EXPECT_EQ(sent("http://far.example/"), "none") << "nothing to protect";
}

TEST_F(AuthorityTest, CredentialsStayOffTheOpenNetwork) {
  config.token = base::SecretBytes("t");
  make();
  EXPECT_EQ(sent("http://far.example/"), "!InsecureServer");
  EXPECT_FALSE(headers.find("Authorization"));
  EXPECT_EQ(sent("http://127.evil.example@x/"), "!InsecureServer");
  EXPECT_EQ(sent("http://127.0.0.1:8001/"), "Bearer t");
  EXPECT_EQ(sent("http://[::1]:8001/"), "Bearer t");
  EXPECT_EQ(sent("http://localhost:8001/"), "Bearer t");
  EXPECT_EQ(sent("https://far.example/"), "Bearer t");
}

TEST_F(AuthorityTest, NamesThatLookLikeLoopback) {
  config.token = base::SecretBytes("t");
  make();
  EXPECT_EQ(sent("http://127.0.0.1.evil.example/"), "!InsecureServer");
  EXPECT_EQ(sent("http://localhost.evil.example/"), "!InsecureServer");
}

TEST_F(AuthorityTest, WhoIsNotVerifiedIsCalledOnThisMachineOnly) {
  config.transport.insecure_skip_verify = true;
  make();
  EXPECT_EQ(sent("https://far.example/"), "!UnverifiedServer") << "also without credentials";
  EXPECT_EQ(sent("https://127.0.0.1.evil.example/"), "!UnverifiedServer");
  EXPECT_EQ(sent("https://127.0.0.1:6443/"), "none");
  config.token = base::SecretBytes("t");
  make();
  EXPECT_EQ(sent("https://10.0.0.1:6443/"), "!UnverifiedServer");
  EXPECT_EQ(sent("https://localhost:6443/"), "Bearer t");
}

TEST_F(AuthorityTest, Basic) {
  config.username = "u";
  config.password = base::SecretBytes("p");
  make();
  EXPECT_EQ(sent(), "Basic dTpw");
}

TEST_F(AuthorityTest, Impersonation) {
  config.impersonate_user = "robot";
  config.impersonate_uid = "7";
  config.impersonate_groups = {"a", "b"};
  make();
  ASSERT_TRUE(authorise());
  std::string all;
  for (const auto& field : headers) all += field.name + "=" + field.value + ";";
  EXPECT_EQ(all,
            "Impersonate-User=robot;Impersonate-Group=a;Impersonate-Group=b;Impersonate-Uid=7;");
  EXPECT_EQ(sent("http://far.example/"), "!InsecureServer");
}

TEST_F(AuthorityTest, TokenFile) {
  config.token_file = folder.write("token", " one\n");
  make();
  EXPECT_EQ(sent(), "Bearer one");
  folder.write("token", "two");
  bench.clock.advance(seconds(60));
  EXPECT_EQ(sent(), "Bearer one") << "still fresh";
  bench.clock.advance(seconds(1));
  EXPECT_EQ(sent(), "Bearer two");
}

TEST_F(AuthorityTest, TokenFileAfterARejection) {
  config.token_file = folder.write("token", "one");
  make();
  sent();
  folder.write("token", "two");
  authority->rejected(bench.clock.now() - seconds(1));
  EXPECT_EQ(sent(), "Bearer one") << "the rejected one was older than ours";
  authority->rejected(bench.clock.now());
  EXPECT_EQ(sent(), "Bearer two");
}

TEST_F(AuthorityTest, UnreadableTokenFileKeepsTheOldToken) {
  config.token_file = folder.write("token", "one");
  make();
  sent();
  bench.clock.advance(minutes(2));
  folder.write("token", "");
  EXPECT_EQ(sent(), "Bearer one");
  folder.remove("token");
  authority->rejected(bench.clock.now());
  EXPECT_EQ(sent(), "Bearer one");
  folder.write("token", "two");
  EXPECT_EQ(sent(), "Bearer two");
}

TEST_F(AuthorityTest, TokenFileThatNeverWas) {
  config.token_file = folder.path("token");
  make();
  EXPECT_EQ(sent(), "!NoToken");
  folder.write("token", "late");
  EXPECT_EQ(sent(), "Bearer late");
}

TEST_F(AuthorityTest, PluginWithCertificate) {
  config.exec.emplace();
  config.exec->api_version = "client.authentication.k8s.io/v1";
  config.exec->command = "p";
  config.transport.ca_pem = "CA";
  make(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",)"
       R"("status":{"token":"t","clientCertificateData":"C","clientKeyData":"K"}})");
  EXPECT_EQ(sent(), "Bearer t");
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].client_cert_pem.view(), "C");
  EXPECT_EQ(given[0].client_key_pem.view(), "K");
  EXPECT_EQ(given[0].ca_pem, "CA") << "the rest stays";
  EXPECT_EQ(sent(), "Bearer t");
  bench.clock.advance(minutes(1));
  authority->rejected(bench.clock.now());
  EXPECT_EQ(sent(), "Bearer t");
  EXPECT_EQ(given.size(), 1U) << "the same certificate again changes nothing";
}

TEST_F(AuthorityTest, NewCaIsTakenWhenItIsOne) {
  const std::string ca = make_pair().cert;
  config.ca_file = folder.write("ca", "OLD");
  config.transport.ca_pem = "OLD";
  make();
  const auto look = [&] {
    bench.clock.advance(minutes(5));
    EXPECT_TRUE(authorise());
    return given.size();
  };
  EXPECT_EQ(look(), 0U) << "unchanged";
  for (const std::string& bad : {std::string(), std::string("garbage"), ca.substr(0, 200)}) {
    folder.write("ca", bad);
    EXPECT_EQ(look(), 0U) << bad;
  }
  folder.remove("ca");
  EXPECT_EQ(look(), 0U);
  folder.write("ca", ca + ca);
  EXPECT_TRUE(authorise());
  EXPECT_EQ(given.size(), 0U) << "not before the five minutes are over";
  EXPECT_EQ(look(), 1U);
  EXPECT_EQ(given[0].ca_pem, ca + ca);
}

TEST_F(AuthorityTest, NewCertificateIsTakenWithItsKey) {
  const Pair before = make_pair();
  const Pair after = make_pair();
  config.client_cert_file = folder.write("cert", before.cert);
  config.client_key_file = folder.write("key", before.key);
  config.transport.client_cert_pem = base::SecretBytes(before.cert);
  config.transport.client_key_pem = base::SecretBytes(before.key);
  make();
  folder.write("cert", after.cert);
  bench.clock.advance(minutes(5));
  ASSERT_TRUE(authorise());
  EXPECT_TRUE(given.empty()) << "the old key does not fit";
  folder.write("key", after.key);
  bench.clock.advance(minutes(5));
  ASSERT_TRUE(authorise());
  ASSERT_EQ(given.size(), 1U);
  EXPECT_EQ(given[0].client_cert_pem.view(), after.cert);
}

TEST(Pem, Checks) {
  const Pair a = make_pair();
  const Pair b = make_pair();
  EXPECT_TRUE(holds_certificates(a.cert));
  EXPECT_TRUE(holds_certificates("# comment\n" + a.cert + b.cert));
  EXPECT_FALSE(holds_certificates(""));
  EXPECT_FALSE(holds_certificates(a.key));
  EXPECT_FALSE(holds_certificates(a.cert + "-----BEGIN CERTIFICATE-----\ngarbage"));
  EXPECT_TRUE(pair_matches(a.cert, a.key));
  EXPECT_FALSE(pair_matches(a.cert, b.key));
  EXPECT_FALSE(pair_matches("", a.key));
  EXPECT_FALSE(pair_matches(a.cert, ""));
}

}  // namespace
}  // namespace edsm::kube
