// CurlHttp against a server that speaks just enough of HTTP/2 (RFC 9113) to refuse a request, which
// a real one does too rarely to be waited for.
#include <cstdint>

#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <gtest/gtest.h>

#include "net/curl_http.hpp"
#include "support/certificates.hpp"
#include "support/loopback.hpp"
#include "support/run.hpp"

namespace edsm::net {
namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using base::Task;
using support::Certificate;
using TlsSocket = ssl::stream<asio::ip::tcp::socket>;

constexpr std::size_t kPreface = 24;
constexpr std::size_t kFrameHeader = 9;
enum class Type : unsigned char { headers = 1, settings = 4, goaway = 7 };
enum class Plan : std::uint8_t { refuse, answer };

std::string number(std::uint32_t value) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    bytes += static_cast<char>(value >> shift & 0xFFU);
  return bytes;
}

std::string frame(Type type, unsigned char flags, std::uint32_t stream,
                  const std::string& payload) {
  return number(static_cast<std::uint32_t>(payload.size())).substr(1) + static_cast<char>(type) +
         static_cast<char>(flags) + number(stream) + payload;
}

/// The whole answer to a request: ":status: 204" (entry 9 of HPACK's static table), END_STREAM and
/// END_HEADERS.
std::string no_content(std::uint32_t stream) {
  return frame(Type::headers, 0x5, stream, "\x89");
}

/// All requests of the connection are refused: none was looked at.
std::string goaway() {
  return frame(Type::goaway, 0, 0, number(0) + number(0));
}

int select_h2(SSL*, const unsigned char** out, unsigned char* length, const unsigned char*,
              unsigned, void*) {
  static constexpr std::string_view name = "h2";
  *out = reinterpret_cast<const unsigned char*>(name.data());
  *length = name.size();
  return SSL_TLSEXT_ERR_OK;
}

class CurlHttp2Test : public testing::Test {
 protected:
  void SetUp() override {
    curl_global_setup();
    const auto certificate = authority.issue("server", "IP:127.0.0.1");
    const std::string chain = certificate.pem();
    const std::string key = certificate.key_pem();
    server.use_certificate_chain(asio::buffer(chain));
    server.use_private_key(asio::buffer(key), ssl::context::pem);
    SSL_CTX_set_alpn_select_cb(server.native_handle(), &select_h2, nullptr);
  }

  /// A connection for each plan: the first request on it meets with that.
  Task<void> serve(std::vector<Plan> plans) {
    for (const Plan plan : plans) {
      auto tcp = co_await peer.accept_socket();
      TlsSocket socket(std::move(tcp), server);
      co_await socket.async_handshake(ssl::stream_base::server, asio::use_awaitable);
      co_await serve_one(socket, plan);
    }
  }

  Task<void> serve_one(TlsSocket& socket, Plan plan) {
    co_await read(socket, kPreface);
    co_await write(socket, frame(Type::settings, 0, 0, ""));
    for (;;) {
      const std::string header = co_await read(socket, kFrameHeader);
      if (header.empty()) co_return;
      const auto byte = [&](std::size_t i) -> std::uint32_t {
        return static_cast<unsigned char>(header[i]);
      };
      const std::size_t length = byte(0) << 16U | byte(1) << 8U | byte(2);
      if (length > 0) co_await read(socket, length);
      if (byte(3) != static_cast<std::uint32_t>(Type::headers)) continue;
      ++requests;
      std::string reply = goaway();
      if (plan == Plan::answer) reply = no_content(byte(8));
      co_await write(socket, std::move(reply));
    }
  }

  static Task<std::string> read(TlsSocket& socket, std::size_t count) {
    std::string bytes(count, '\0');
    boost::system::error_code error;
    co_await asio::async_read(socket, asio::buffer(bytes),
                              asio::redirect_error(asio::use_awaitable, error));
    if (error) bytes.clear();
    co_return bytes;
  }

  static Task<void> write(TlsSocket& socket, std::string bytes) {
    boost::system::error_code error;
    co_await asio::async_write(socket, asio::buffer(bytes),
                               asio::redirect_error(asio::use_awaitable, error));
  }

  base::Result<Response> post(std::vector<Plan> plans) {
    asio::co_spawn(context, serve(std::move(plans)), [](std::exception_ptr) {});
    Transport transport;
    transport.proxy = "";
    transport.ca_pem = authority.pem();
    CurlHttp http(context.get_executor(), std::move(transport));
    Request request(Method::post, fmt::format("https://127.0.0.1:{}/", peer.port()));
    request.body.append(R"({"kind":"Event"})");
    return support::run(context, http.send(std::move(request)));
  }

  asio::io_context context{1};
  support::Loopback peer{context};
  ssl::context server{ssl::context::tls_server};
  Certificate authority = Certificate::authority("edsm test CA");
  int requests = 0;
};

TEST_F(CurlHttp2Test, IsSpoken) {
  const auto result = post({Plan::answer});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->status, 204);
}

TEST_F(CurlHttp2Test, ARequestThatWasRefusedIsSentOnceMore) {
  const auto result = post({Plan::refuse, Plan::answer});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->status, 204);
  EXPECT_EQ(requests, 2);
}

TEST_F(CurlHttp2Test, AServerThatRefusesAlwaysIsNotAskedForEver) {
  const auto result = post({Plan::refuse, Plan::refuse, Plan::refuse});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "ConnectionLost") << result.error().text;
  EXPECT_EQ(requests, 2);
}

}  // namespace
}  // namespace edsm::net
