// CurlHttp against a TLS server on loopback. HTTP/2 is offered here and declined by the server
// (fallback to 1.1); HTTP/2 itself is exercised by the tests against a real API server.
#include <fstream>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <gtest/gtest.h>

#include "net/curl_http.hpp"
#include "support/certificates.hpp"
#include "support/loopback.hpp"
#include "support/run.hpp"

namespace edsm::net {
namespace {

namespace ssl = boost::asio::ssl;
using base::Failure;
using base::Task;
using support::Certificate;
using support::Loopback;
using TlsPeer = support::Peer<ssl::stream<boost::asio::ip::tcp::socket>>;

struct Seen {
  int handshakes = 0;
  std::string server_name;  ///< SNI
  std::string client_name;  ///< common name of the client's certificate
  std::vector<std::string> requests;
};

std::string common_name(SSL* ssl) {
  X509* const certificate = SSL_get1_peer_certificate(ssl);
  if (certificate == nullptr) return {};
  char name[64] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
  X509_free(certificate);
  return name;
}

/// Accepts one connection and answers its requests, if the client lets it come to that.
Task<void> serve(Loopback& peer, ssl::context& context, Seen& seen) {
  auto socket = co_await peer.accept_socket();
  TlsPeer client(ssl::stream<boost::asio::ip::tcp::socket>(std::move(socket), context));
  boost::system::error_code error;
  co_await client.socket().async_handshake(
      ssl::stream_base::server, boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (error) co_return;
  ++seen.handshakes;
  SSL* const ssl = client.socket().native_handle();
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  seen.server_name = name == nullptr ? "" : name;
  seen.client_name = common_name(ssl);
  for (;;) {
    std::string request = co_await client.request();
    if (request.empty()) co_return;
    seen.requests.push_back(std::move(request));
    co_await client.answer(200, "over TLS");
  }
}

class CurlTlsTest : public testing::Test {
 protected:
  void SetUp() override { curl_global_setup(); }

  void use(const Certificate& certificate) {
    const std::string chain = certificate.pem();
    const std::string key = certificate.key_pem();
    server.use_certificate_chain(boost::asio::buffer(chain));
    server.use_private_key(boost::asio::buffer(key), ssl::context::pem);
  }
  static Transport trusting(const Certificate& authority) {
    Transport transport;
    transport.proxy = "";
    transport.ca_pem = authority.pem();
    return transport;
  }
  base::Result<Response> get(Transport transport, std::string_view host = "127.0.0.1",
                             bool confidential = false) {
    boost::asio::co_spawn(context, serve(peer, server, seen), [](std::exception_ptr) {});
    CurlHttp http(context.get_executor(), std::move(transport));
    Request request(Method::get, fmt::format("https://{}:{}/path", host, peer.port()));
    request.confidential = confidential;
    auto result = support::run(context, http.send(std::move(request)));
    context.poll();
    return result;
  }
  static void expect_refused(const base::Result<Response>& result, std::string_view code) {
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().failure, Failure::invalid) << result.error().text;
    EXPECT_EQ(result.error().code, code) << result.error().text;
  }

  boost::asio::io_context context{1};
  Loopback peer{context};
  ssl::context server{ssl::context::tls_server};
  Certificate authority = Certificate::authority("edsm test CA");
  Seen seen;
};

TEST_F(CurlTlsTest, ForeignCertificatesAreNotTrusted) {
  use(authority.issue("server", "IP:127.0.0.1"));
  const auto other = Certificate::authority("another CA");
  const auto result = get(trusting(other));
  expect_refused(result, "TlsVerification");
  EXPECT_TRUE(result.error().text.starts_with("GET https://127.0.0.1:")) << result.error().text;
  Transport system;
  system.proxy = "";
  expect_refused(get(std::move(system)), "TlsVerification");
  EXPECT_TRUE(seen.requests.empty());
}

TEST_F(CurlTlsTest, TheNameMustMatch) {
  use(authority.issue("server", "DNS:kubernetes.default.svc"));
  expect_refused(get(trusting(authority)), "TlsVerification");
  EXPECT_TRUE(seen.requests.empty());
}

TEST_F(CurlTlsTest, ACertificateFromOurAuthorityIsTrusted) {
  use(authority.issue("server", "IP:127.0.0.1"));
  const auto result = get(trusting(authority));
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->body.view(), "over TLS");
  EXPECT_EQ(seen.client_name, "");
}

TEST_F(CurlTlsTest, TheAuthorityMayBeAFile) {
  use(authority.issue("server", "IP:127.0.0.1"));
  Transport transport;
  transport.proxy = "";
  transport.ca_file = testing::TempDir() + "edsm-curl-tls-test-ca.pem";
  std::ofstream(transport.ca_file) << authority.pem();
  const auto result = get(std::move(transport));
  ASSERT_TRUE(result) << result.error().text;
}

TEST_F(CurlTlsTest, AServerNameReplacesTheHostForTlsOnly) {
  use(authority.issue("server", "DNS:kubernetes.default.svc"));
  Transport transport = trusting(authority);
  transport.tls_server_name = "kubernetes.default.svc";
  const auto result = get(std::move(transport));
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(seen.server_name, "kubernetes.default.svc");
  const std::string host = fmt::format("\r\nHost: 127.0.0.1:{}\r\n", peer.port());
  EXPECT_NE(seen.requests.at(0).find(host), std::string::npos) << seen.requests.at(0);
}

TEST_F(CurlTlsTest, AClientCertificateIsSent) {
  use(authority.issue("server", "IP:127.0.0.1"));
  const std::string ca = authority.pem();
  server.add_certificate_authority(boost::asio::buffer(ca));
  server.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  const auto client = authority.issue("the client", "");
  Transport transport = trusting(authority);
  transport.client_cert_pem.append(client.pem());
  transport.client_key_pem.append(client.key_pem());
  const auto result = get(std::move(transport));
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(seen.client_name, "the client");

  EXPECT_FALSE(get(trusting(authority)));  // without one
}

TEST_F(CurlTlsTest, UnusableFilesAndKeysAreConfigurationErrors) {
  use(authority.issue("server", "IP:127.0.0.1"));
  Transport missing;
  missing.proxy = "";
  missing.ca_file = testing::TempDir() + "no-such-file.pem";
  expect_refused(get(std::move(missing)), "TlsConfiguration");

  Transport garbage = trusting(authority);
  garbage.client_cert_pem.append("not a certificate");
  garbage.client_key_pem.append("not a key");
  expect_refused(get(std::move(garbage)), "TlsConfiguration");

  Transport mismatch = trusting(authority);
  mismatch.client_cert_pem.append(authority.issue("client", "").pem());
  mismatch.client_key_pem.append(authority.issue("other", "").key_pem());
  expect_refused(get(std::move(mismatch)), "TlsConfiguration");
}

TEST_F(CurlTlsTest, VerificationIsOffOnlyWhenAskedFor) {
  use(authority.issue("server", "DNS:elsewhere"));
  Transport transport;
  transport.proxy = "";
  transport.insecure_skip_verify = true;
  EXPECT_TRUE(get(std::move(transport)));
}

int note_protocols(SSL*, const unsigned char**, unsigned char*, const unsigned char* offered,
                   unsigned size, void* text) {
  static_cast<std::string*>(text)->assign(reinterpret_cast<const char*>(offered), size);
  return SSL_TLSEXT_ERR_NOACK;
}

TEST_F(CurlTlsTest, WhatIsConfidentialStaysOutOfTheBuffersOfHttp2) {
  use(authority.issue("server", "IP:127.0.0.1"));
  std::string offered;
  SSL_CTX_set_alpn_select_cb(server.native_handle(), &note_protocols, &offered);
  for (const bool confidential : {false, true}) {
    ASSERT_TRUE(get(trusting(authority), "127.0.0.1", confidential));
    EXPECT_EQ(offered.contains("h2"), !confidential);
    EXPECT_TRUE(offered.contains("http/1.1"));
  }
}

TEST_F(CurlTlsTest, OldProtocolsAreRefused) {
  use(authority.issue("server", "IP:127.0.0.1"));
  SSL_CTX_set_security_level(server.native_handle(), 0);
  SSL_CTX_set_min_proto_version(server.native_handle(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(server.native_handle(), TLS1_1_VERSION);
  const auto result = get(trusting(authority));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "ConnectionFailed") << result.error().text;
  EXPECT_EQ(seen.handshakes, 0);
}

}  // namespace
}  // namespace edsm::net
