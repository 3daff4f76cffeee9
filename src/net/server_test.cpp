#include "net/server.hpp"

#include <filesystem>
#include <fstream>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "net/curl_http.hpp"
#include "net/listen_address.hpp"
#include "support/certificates.hpp"
#include "support/loopback.hpp"
#include "support/run.hpp"

namespace edsm::net {
namespace {

using base::Task;
using support::Certificate;
using support::TcpPeer;
using tcp = boost::asio::ip::tcp;

TEST(ListenAddress, Table) {
  struct Case {
    std::string_view text;
    std::optional<std::pair<std::string, int>> expected;
  };
  const Case cases[] = {
      {"", {}},
      {"8080", {}},
      {"host", {}},
      {":", {}},
      {":65536", {}},
      {":-1", {}},
      {":80x", {}},
      {"::1:80", {}},
      {"[]:80", {}},
      {"[::1:80", {}},
      {"[::1]", {}},
      {":0", {{"", 0}}},
      {":8080", {{"", 8080}}},
      {"0.0.0.0:80", {{"0.0.0.0", 80}}},
      {"[::1]:65535", {{"::1", 65535}}},
      {"localhost:1", {{"localhost", 1}}},
  };
  for (const Case& c : cases) {
    const auto address = ListenAddress::parse(c.text);
    ASSERT_EQ(address.has_value(), c.expected.has_value()) << c.text;
    if (!address) continue;
    EXPECT_EQ(address->host, c.expected->first) << c.text;
    EXPECT_EQ(address->port, c.expected->second) << c.text;
  }
}

Page page(std::string_view path) {
  if (path == "/throw") throw std::runtime_error("handler");
  if (path == "/large") return {200, "text/x-test", std::string(300'000, 'x')};
  if (path == "/gone") return {404, "text/plain", "no\n"};
  return {200, "text/x-test", "path " + std::string(path)};
}

class ServerTest : public testing::Test {
 protected:
  void SetUp() override { curl_global_setup(); }

  void start(Listen listen) {
    auto bound = Server::bind(context.get_executor(), std::move(listen), &page);
    ASSERT_TRUE(bound) << bound.error().text;
    server.emplace(std::move(*bound));
    boost::asio::co_spawn(context, server->run(),
                          boost::asio::bind_cancellation_slot(
                              stop.slot(), [this](std::exception_ptr) { stopped = true; }));
  }
  TcpPeer connect() {
    tcp::socket socket(context);
    socket.connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server->port())});
    return TcpPeer(std::move(socket));
  }
  /// Sends `bytes` and returns all that comes until the server closes.
  std::string exchange(std::string bytes) {
    return support::run(context, talk(connect(), std::move(bytes)));
  }
  static Task<std::string> talk(TcpPeer client, std::string bytes) {
    co_await client.write(std::move(bytes));
    std::string all;
    for (;;) {
      std::string piece(4096, '\0');
      boost::system::error_code error;
      const std::size_t count = co_await client.socket().async_read_some(
          boost::asio::buffer(piece),
          boost::asio::redirect_error(boost::asio::use_awaitable, error));
      all.append(piece, 0, count);
      if (error) co_return all;
    }
  }
  static std::string get(std::string_view path, std::string_view more = "Connection: close\r\n") {
    return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", path, more);
  }

  boost::asio::io_context context{1};
  std::optional<Server> server;
  boost::asio::cancellation_signal stop;
  bool stopped = false;
};

TEST_F(ServerTest, BindErrorsNameAddressCauseAndFlag) {
  start({"127.0.0.1:0", "", ""});
  const std::string taken = fmt::format("127.0.0.1:{}", server->port());
  struct Case {
    Listen listen;
    std::string code, text;
  };
  const Case cases[] = {
      {{taken, "", "", "--metrics-bind-address"},
       "ListenFailed",
       "cannot listen on " + taken +
           ": Address already in use (is another edsm running? see --metrics-bind-address)"},
      {{"8080", "", "", "--metrics-bind-address"},
       "BadAddress",
       "cannot listen on '8080': not HOST:PORT, :PORT or [IPv6]:PORT (see --metrics-bind-address)"},
      {{"192.0.2.1:0", "", ""},
       "ListenFailed",
       "cannot listen on 192.0.2.1:0: Cannot assign requested address (see --metrics-bind-address, "
       "--health-probe-bind-address)"},
      {{":0", "cert.pem", ""},
       "TlsConfiguration",
       "cannot serve TLS on :0: a certificate file and a key file are needed, only one is named"},
      {{":0", "/no/cert.pem", "/no/key.pem"},
       "TlsConfiguration",
       "cannot use '/no/cert.pem' for TLS: cannot read /no/cert.pem: No such file or directory"},
  };
  for (const Case& c : cases) {
    const auto bound = Server::bind(context.get_executor(), c.listen, &page);
    ASSERT_FALSE(bound) << c.text;
    EXPECT_EQ(bound.error().failure, base::Failure::invalid);
    EXPECT_EQ(bound.error().code, c.code);
    if (c.code == "TlsConfiguration") {
      EXPECT_TRUE(bound.error().text.starts_with(c.text.substr(0, 40))) << bound.error().text;
    } else {
      EXPECT_EQ(bound.error().text, c.text);
    }
  }
}

TEST_F(ServerTest, WrongRequestsAreAnsweredAndTheConnectionIsClosed) {
  start({"127.0.0.1:0", "", ""});
  struct Case {
    std::string request;
    std::string_view status, part;
  };
  const Case cases[] = {
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "405", "Allow: GET, HEAD\r\n"},
      {"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "405", "Allow: GET, HEAD\r\n"},
      {"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", "400", "Connection: close\r\n"},
      {"nonsense\r\n\r\n", "400", "Connection: close\r\n"},
      {"GET / HTTP/1.1\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", "431",
       "Connection: close\r\n"},
      {get("/throw", ""), "500", "Connection: close\r\n"},
  };
  for (const Case& c : cases) {
    const std::string answer = exchange(c.request);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + std::string(c.status))) << answer;
    EXPECT_NE(answer.find(c.part), std::string::npos) << answer;
    EXPECT_EQ(answer.find("handler"), std::string::npos) << answer;
  }
}

TEST_F(ServerTest, GetAndHead) {
  start({"127.0.0.1:0", "", ""});
  const std::string answer = exchange(get("/a%20b?query=1"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: text/x-test\r\n"), std::string::npos);
  EXPECT_TRUE(answer.ends_with("\r\n\r\npath /a%20b")) << answer;

  const std::string head = exchange("HEAD /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_NE(head.find("Content-Length: 7\r\n"), std::string::npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;

  EXPECT_TRUE(exchange(get("/gone")).starts_with("HTTP/1.1 404 "));
}

TEST_F(ServerTest, KeepsConnectionsAndAnswersPipelinedRequestsInOrder) {
  start({"127.0.0.1:0", "", ""});
  const std::string answers = exchange(get("/1", "") + get("/2", "") + get("/3"));
  const auto first = answers.find("path /1");
  const auto second = answers.find("path /2");
  const auto third = answers.find("path /3");
  ASSERT_NE(third, std::string::npos) << answers;
  EXPECT_LT(first, second);
  EXPECT_LT(second, third);
}

Task<void> idle_after_one(TcpPeer client, int& open) {
  co_await client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  co_await client.message();
  ++open;
  co_await client.closed();
  --open;
}

TEST_F(ServerTest, IdleConnectionsMakeRoom) {
  start({"127.0.0.1:0", "", ""});
  int open = 0;
  for (int i = 1; i <= 64; ++i) {
    boost::asio::co_spawn(context, idle_after_one(connect(), open), boost::asio::detached);
    while (open != i) context.run_one();
  }
  EXPECT_TRUE(exchange(get("/probe")).ends_with("path /probe"));
  while (open != 63) context.run_one();
  for (int i = 0; i < 20; ++i) context.poll();
  EXPECT_EQ(open, 63);
}

TEST_F(ServerTest, StoppingClosesEverything) {
  start({"127.0.0.1:0", "", ""});
  int open = 0;
  boost::asio::co_spawn(context, idle_after_one(connect(), open), boost::asio::detached);
  while (open == 0) context.run_one();
  for (int i = 0; i < 10; ++i) context.poll();
  stop.emit(boost::asio::cancellation_type::terminal);
  while (open != 0 && context.run_one() != 0) {
  }
  EXPECT_TRUE(stopped);
  EXPECT_EQ(open, 0);
}

TEST_F(ServerTest, AllInterfacesIncludeIpv4) {
  start({":0", "", ""});
  EXPECT_TRUE(exchange(get("/v4")).ends_with("path /v4"));
}

/// Lets "good" in; every other token is shown, which a real one must not do.
Task<std::optional<Page>> only_good(std::string path, base::SecretBytes bearer) {
  if (bearer.view() == "good") co_return std::nullopt;
  co_return Page{401, "text/plain", fmt::format("{} [{}]", path, bearer.view())};
}

TEST_F(ServerTest, AGuardIsAskedForEachRequest) {
  Listen listen{"127.0.0.1:0", "", ""};
  listen.guard = &only_good;
  start(std::move(listen));
  struct Case {
    std::string header;
    std::string_view answer;  ///< of the guard; empty: let in
  };
  const Case cases[] = {
      {"Authorization: Bearer good\r\n", ""},        {"authorization: bearer good\r\n", ""},
      {"Authorization: Bearer   good \r\n", ""},     {"", "/m []"},
      {"Authorization: Bearer bad\r\n", "/m [bad]"}, {"Authorization: Bearer \r\n", "/m []"},
      {"Authorization: Basic good\r\n", "/m []"},    {"Authorization: good\r\n", "/m []"},
  };
  for (const Case& c : cases) {
    const auto answer = exchange(get("/m?query", c.header + "Connection: close\r\n"));
    const bool in = c.answer.empty();
    EXPECT_TRUE(answer.starts_with(in ? "HTTP/1.1 200" : "HTTP/1.1 401")) << c.header << answer;
    EXPECT_TRUE(answer.ends_with(in ? std::string_view("path /m") : c.answer)) << answer;
    EXPECT_EQ(answer.find("WWW-Authenticate: Bearer") == std::string::npos, in) << answer;
  }
  // One connection is not one reader, and what is no request is not asked about.
  const auto both = exchange(get("/1", "Authorization: Bearer good\r\n") + get("/2"));
  EXPECT_NE(both.find("path /1"), std::string::npos) << both;
  EXPECT_NE(both.find("/2 []"), std::string::npos) << both;
  EXPECT_TRUE(exchange("POST / HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 405"));
}

class TlsServerTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    std::filesystem::create_directories(folder);
  }
  void TearDown() override { std::filesystem::remove_all(folder); }

  void install(const Certificate& certificate) const {
    std::ofstream(folder + "/tls.crt") << certificate.pem();
    std::ofstream(folder + "/tls.key") << certificate.key_pem();
  }
  Listen listen() const { return {"127.0.0.1:0", folder + "/tls.crt", folder + "/tls.key"}; }
  base::Result<Response> fetch(const Certificate& authority, std::string_view path = "/tls") {
    Transport transport;
    transport.proxy = "";
    transport.ca_pem = authority.pem();
    CurlHttp http(context.get_executor(), std::move(transport));
    Request request(Method::get, fmt::format("https://127.0.0.1:{}{}", server->port(), path));
    return support::run(context, http.send(std::move(request)));
  }

  const std::string folder = testing::TempDir() + "edsm-server-test-" +
                             testing::UnitTest::GetInstance()->current_test_info()->name();
  Certificate first = Certificate::authority("first CA");
  Certificate second = Certificate::authority("second CA");
};

TEST_F(TlsServerTest, KeyAndCertificateMustBelongTogether) {
  install(first.issue("a", "IP:127.0.0.1"));
  std::ofstream(folder + "/tls.key") << first.issue("b", "").key_pem();
  const auto bound = Server::bind(context.get_executor(), listen(), &page);
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().code, "TlsConfiguration");
  EXPECT_NE(bound.error().text.find("tls.key"), std::string::npos);
}

TEST_F(TlsServerTest, LargePagesArriveWhole) {
  install(first.issue("server", "IP:127.0.0.1"));
  start(listen());
  const auto answer = fetch(first, "/large");
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body.view(), std::string(300'000, 'x'));
}

TEST_F(TlsServerTest, ChangedFilesAreUsedAndBrokenOnesAreNot) {
  install(first.issue("server", "IP:127.0.0.1"));
  start(listen());
  auto answer = fetch(first);
  ASSERT_TRUE(answer) << answer.error().text;
  EXPECT_EQ(answer->body.view(), "path /tls");

  std::ofstream(folder + "/tls.key") << "broken";
  EXPECT_TRUE(fetch(first));

  install(second.issue("server", "IP:127.0.0.1"));
  EXPECT_FALSE(fetch(first));
  answer = fetch(second);
  ASSERT_TRUE(answer) << answer.error().text;
}

TEST_F(TlsServerTest, PlainTextIsNotAnswered) {
  install(first.issue("server", "IP:127.0.0.1"));
  start(listen());
  EXPECT_EQ(exchange(get("/")).find("HTTP/1.1"), std::string::npos);
}

TEST(ServerLifetime, TheContextMayGoWhileConnectionsAreServed) {
  int open = 0;
  {
    boost::asio::io_context context(1);
    auto server = Server::bind(context.get_executor(), {"127.0.0.1:0", "", ""}, &page);
    ASSERT_TRUE(server);
    boost::asio::co_spawn(context, server->run(), boost::asio::detached);
    tcp::socket socket(context);
    socket.connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server->port())});
    boost::asio::co_spawn(context, idle_after_one(TcpPeer(std::move(socket)), open),
                          boost::asio::detached);
    for (int i = 0; i < 20; ++i) context.poll();
  }
  EXPECT_EQ(open, 1);
}

}  // namespace
}  // namespace edsm::net
