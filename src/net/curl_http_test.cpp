#include "net/curl_http.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "support/loopback.hpp"
#include "support/run.hpp"

namespace edsm::net {
namespace {

using base::Failure;
using base::Task;
using support::Loopback;
using support::TcpPeer;

Transport plain() {
  static const bool ready = (curl_global_setup(), true);
  Transport transport;
  if (ready) transport.proxy = "";
  return transport;
}

class CurlHttpTest : public testing::Test {
 protected:
  /// Begins the peer's script; it goes on while the client's coroutine is driven.
  void script(Task<void> task) {
    boost::asio::co_spawn(context, std::move(task), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  base::Result<Response> send(Request request) {
    return support::run(context, http.send(std::move(request)));
  }
  Request get(std::string_view path) { return {Method::get, peer.url(path)}; }

  boost::asio::io_context context{1};
  Loopback peer{context};
  CurlHttp http{context.get_executor(), plain()};
};

/// Answers each request on one connection with the next body.
Task<void> answer_all(Loopback& peer, std::vector<std::string> bodies,
                      std::vector<std::string>& seen) {
  TcpPeer client = co_await peer.accept();
  for (const std::string& body : bodies) {
    std::string request = co_await client.request();
    seen.push_back(std::move(request));
    co_await client.answer(200, body);
  }
}

/// Takes one request, writes `bytes` and closes.
Task<void> answer_raw(Loopback& peer, std::string bytes) {
  TcpPeer client = co_await peer.accept();
  co_await client.request();
  co_await client.write(std::move(bytes));
}

Task<void> stay_silent(Loopback& peer, bool& closed) {
  TcpPeer client = co_await peer.accept();
  co_await client.request();
  co_await client.closed();
  closed = true;
}

TEST_F(CurlHttpTest, BadUrlsAreRefusedAndNotQuotedWhereTheyMayHoldSecrets) {
  for (const char* const url :
       {"", "host", "ftp://h/", "http://user:word@h/", "http://h/a b?token=word"}) {
    const auto result = send({Method::get, url});
    ASSERT_FALSE(result) << url;
    EXPECT_EQ(result.error().failure, Failure::invalid);
    EXPECT_EQ(result.error().code, "BadUrl");
    EXPECT_EQ(result.error().text.find("=word"), std::string::npos) << result.error().text;
  }
}

TEST_F(CurlHttpTest, HeaderInjectionIsRefused) {
  const Header bad[] = {{"A", "b\r\nC: d"}, {"A\r\nB", "c"}, {"A B", "c"},
                        {"", "c"},          {"A:", "c"},     {"A", std::string("a\0b", 3)}};
  for (const Header& field : bad) {
    Request request = get("/");
    request.headers.add(field.name, field.value);
    const auto result = send(std::move(request));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, "BadHeader");
    EXPECT_EQ(result.error().failure, Failure::invalid);
  }
}

TEST_F(CurlHttpTest, RefusedConnectionNamesRequestCauseAndPeer) {
  const int port = peer.port();
  peer.close();
  const auto result = send({Method::get, fmt::format("http://127.0.0.1:{}/p?token=secret", port)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, Failure::transient);
  EXPECT_EQ(result.error().code, "ConnectionFailed");
  EXPECT_EQ(
      result.error().text,
      fmt::format("GET http://127.0.0.1:{0}/p: connection refused (127.0.0.1 port {0})", port));
}

TEST_F(CurlHttpTest, UnknownHostIsAConnectionFailure) {
  const auto result = send({Method::get, "http://no-such-host.invalid/"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "ConnectionFailed");
  EXPECT_NE(result.error().text.find("no-such-host.invalid"), std::string::npos);
}

TEST_F(CurlHttpTest, SilentPeerEndsInTimeoutAndItsConnectionIsClosed) {
  bool closed = false;
  script(stay_silent(peer, closed));
  Request request = get("/slow");
  request.timeout = std::chrono::milliseconds(30);
  const auto result = send(std::move(request));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, Failure::transient);
  EXPECT_EQ(result.error().code, "Timeout");
  EXPECT_EQ(result.error().text,
            "GET " + peer.url("/slow") + ": timed out after 0.03 s without an answer");
  while (!closed && context.run_one() != 0) {
  }
  EXPECT_TRUE(closed);
}

TEST_F(CurlHttpTest, TimeoutAlsoCountsWhileWaitingForAFreeConnection) {
  Transport transport = plain();
  transport.max_connections = 1;
  http.set_transport(std::move(transport));
  bool closed = false;
  script(stay_silent(peer, closed));
  boost::asio::co_spawn(context, http.send(get("/first")), boost::asio::detached);
  Request second = get("/second");
  second.timeout = std::chrono::milliseconds(30);
  const auto result = send(std::move(second));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "Timeout");
  EXPECT_FALSE(closed);
}

TEST_F(CurlHttpTest, TornAnswersAreConnectionLost) {
  const std::string answers[] = {
      "",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
      "this is not HTTP at all\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    script(answer_raw(peer, answer));
    const auto result = send(get("/"));
    ASSERT_FALSE(result) << answer;
    EXPECT_EQ(result.error().failure, Failure::transient) << answer;
    EXPECT_EQ(result.error().code, "ConnectionLost") << answer << result.error().text;
  }
}

TEST_F(CurlHttpTest, TooLargeBodiesAreRefused) {
  const std::string body(100, 'x');
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + body,
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n" + body + "\r\n0\r\n\r\n",
      "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body,
  };
  for (const std::size_t limit : {std::size_t{99}, std::size_t{100}}) {
    for (const std::string& answer : answers) {
      script(answer_raw(peer, answer));
      Request request = get("/");
      request.max_body = limit;
      const auto result = send(std::move(request));
      ASSERT_EQ(result.has_value(), limit == 100) << answer;
      if (!result) EXPECT_EQ(result.error().code, "ResponseTooLarge");
    }
  }
}

TEST_F(CurlHttpTest, EndlessHeadersAreRefused) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 300; ++i) answer += fmt::format("X-{}: {}\r\n", i, std::string(1000, 'x'));
  script(answer_raw(peer, answer + "Content-Length: 0\r\n\r\n"));
  const auto result = send(get("/"));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "ResponseTooLarge");
}

TEST_F(CurlHttpTest, AnyStatusIsAResponseAndRedirectsAreNotFollowed) {
  for (const int status : {204, 301, 404, 409, 500, 503}) {
    script(
        answer_raw(peer, fmt::format("HTTP/1.1 {} X\r\nLocation: {}\r\nContent-Length: 0\r\n\r\n",
                                     status, peer.url("/elsewhere"))));
    const auto result = send(get("/"));
    ASSERT_TRUE(result) << status;
    EXPECT_EQ(result->status, status);
    EXPECT_TRUE(result->body.empty());
  }
}

TEST_F(CurlHttpTest, InterimAnswersAreSkippedAndHeaderNamesHaveNoCase) {
  script(answer_raw(
      peer,
      "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
      "HTTP/1.1 200 OK\r\nx-LATE:  two words \r\nX-Empty:\r\nContent-Length: 2\r\n\r\nhi"));
  const auto result = send(get("/"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->status, 200);
  EXPECT_EQ(result->headers.find("X-Late"), "two words");
  EXPECT_EQ(result->headers.find("X-Empty"), "");
  EXPECT_EQ(result->headers.find("X-Early"), std::nullopt);
  EXPECT_EQ(result->body.view(), "hi");
}

TEST_F(CurlHttpTest, ConnectionsAreReused) {
  std::vector<std::string> seen;
  script(answer_all(peer, {"one", "two", "three"}, seen));
  for (const char* const expected : {"one", "two", "three"}) {
    const auto result = send(get("/"));
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_EQ(result->body.view(), expected);
  }
  EXPECT_EQ(peer.accepted, 1);
}

TEST_F(CurlHttpTest, AReusedConnectionThatThePeerClosedIsReplaced) {
  for (const char* const expected : {"one", "two"}) {
    std::vector<std::string> seen;
    script(answer_all(peer, {expected}, seen));  // closes after its answer, without saying so
    Request request(Method::post, peer.url("/"));
    request.body.append("body");
    const auto result = send(std::move(request));
    ASSERT_TRUE(result) << result.error().text;
    EXPECT_EQ(result->body.view(), expected);
    EXPECT_TRUE(seen.at(0).ends_with("body"));
  }
  EXPECT_EQ(peer.accepted, 2);
}

TEST_F(CurlHttpTest, RequestsArriveByteForByte) {
  std::string body;
  for (int i = 0; i < 100'000; ++i) body.push_back(static_cast<char>(i * 7 % 256));
  struct Case {
    Method method;
    std::string_view line;
    std::string body;
  };
  const std::vector<Case> cases = {{Method::get, "GET", ""},       {Method::del, "DELETE", ""},
                                   {Method::del, "DELETE", body},  {Method::post, "POST", ""},
                                   {Method::post, "POST", body},   {Method::put, "PUT", body},
                                   {Method::patch, "PATCH", body}, {Method::patch, "PATCH", ""}};
  std::vector<std::string> seen;
  script(answer_all(peer, std::vector<std::string>(cases.size(), "ok"), seen));
  for (const Case& c : cases) {
    Request request(c.method, peer.url("/a/../b%2Fc?d=%20e&f"));
    request.headers = {{"Content-Type", "application/merge-patch+json"}, {"X-Empty", ""}};
    request.body.append(c.body);
    const auto result = send(std::move(request));
    ASSERT_TRUE(result) << result.error().text;
    const std::string& got = seen.back();
    const std::string header = got.substr(0, got.find("\r\n\r\n") + 2);
    EXPECT_TRUE(header.starts_with(fmt::format("{} /a/../b%2Fc?d=%20e&f HTTP/1.1\r\n", c.line)))
        << header;
    EXPECT_NE(header.find(fmt::format("\r\nHost: 127.0.0.1:{}\r\n", peer.port())),
              std::string::npos);
    EXPECT_NE(header.find("\r\nContent-Type: application/merge-patch+json\r\n"), std::string::npos);
    EXPECT_NE(header.find("\r\nX-Empty:\r\n"), std::string::npos) << header;
    EXPECT_EQ(header.find("Expect:"), std::string::npos);
    EXPECT_EQ(header.find("Accept:"), std::string::npos);
    const bool has_length = header.find("Content-Length:") != std::string::npos;
    EXPECT_EQ(has_length, !c.body.empty() || c.line.starts_with('P')) << header;
    EXPECT_TRUE(got.substr(header.size() + 2) == c.body);
  }
  EXPECT_EQ(peer.accepted, 1);
}

TEST_F(CurlHttpTest, UserAgentIsOursUnlessTheRequestSaysOtherwise) {
  Transport transport = plain();
  transport.user_agent = "edsm/test";
  http.set_transport(std::move(transport));
  std::vector<std::string> seen;
  script(answer_all(peer, {"", ""}, seen));
  ASSERT_TRUE(send(get("/")));
  Request request = get("/");
  request.headers.add("User-Agent", "other");
  ASSERT_TRUE(send(std::move(request)));
  EXPECT_NE(seen.at(0).find("\r\nUser-Agent: edsm/test\r\n"), std::string::npos);
  EXPECT_NE(seen.at(1).find("\r\nUser-Agent: other\r\n"), std::string::npos);
  EXPECT_EQ(seen.at(1).find("edsm/test"), std::string::npos);
}

TEST_F(CurlHttpTest, ANamedProxyIsUsed) {
  Transport transport = plain();
  transport.proxy = peer.url("");
  http.set_transport(std::move(transport));
  std::vector<std::string> seen;
  script(answer_all(peer, {"via proxy"}, seen));
  const auto result = send({Method::get, "http://target.invalid/x"});
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->body.view(), "via proxy");
  EXPECT_TRUE(seen.at(0).starts_with("GET http://target.invalid/x HTTP/1.1\r\n")) << seen.at(0);
}

TEST_F(CurlHttpTest, ANewTransportMeansNewConnections) {
  std::vector<std::string> seen;
  script(answer_all(peer, {"one", "unused"}, seen));
  ASSERT_TRUE(send(get("/")));
  http.set_transport(plain());
  script(answer_all(peer, {"two"}, seen));
  const auto result = send(get("/"));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->body.view(), "two");
}

Task<void> cancel_after_request(Loopback& peer, boost::asio::cancellation_signal& signal,
                                bool& closed) {
  TcpPeer client = co_await peer.accept();
  co_await client.request();
  signal.emit(boost::asio::cancellation_type::terminal);
  co_await client.closed();
  closed = true;
}

TEST_F(CurlHttpTest, CancellationUnwindsAndClosesTheConnection) {
  boost::asio::cancellation_signal signal;
  std::exception_ptr thrown;
  boost::asio::co_spawn(context, http.send(get("/")),
                        boost::asio::bind_cancellation_slot(
                            signal.slot(), [&](std::exception_ptr error,
                                               const base::Result<Response>&) { thrown = error; }));
  bool closed = false;
  support::run(context, cancel_after_request(peer, signal, closed));
  EXPECT_TRUE(closed);
  ASSERT_TRUE(thrown);
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    EXPECT_EQ(error.code(), boost::asio::error::operation_aborted);
  }
}

TEST(CurlHttpLifetime, TheObjectMayGoBeforeItsCalls) {
  boost::asio::io_context context(1);
  Loopback peer(context);
  std::optional<CurlHttp> http(std::in_place, context.get_executor(), plain());
  std::optional<base::Result<Response>> result;
  boost::asio::co_spawn(
      context, http->send({Method::get, peer.url("/")}),
      [&](std::exception_ptr, base::Result<Response> value) { result = std::move(value); });
  context.poll();
  http.reset();
  std::vector<std::string> seen;
  boost::asio::co_spawn(context, answer_all(peer, {"late"}, seen), boost::asio::detached);
  context.restart();
  while (!result && context.run_one() != 0) {
  }
  ASSERT_TRUE(result);
  ASSERT_TRUE(*result);
  EXPECT_EQ((*result)->body.view(), "late");
}

TEST(CurlHttpLifetime, TheContextMayGoWithRequestsInFlight) {
  bool finished = false;
  {
    boost::asio::io_context context(1);
    Loopback peer(context);
    CurlHttp http(context.get_executor(), plain());
    bool closed = false;
    boost::asio::co_spawn(context, stay_silent(peer, closed), boost::asio::detached);
    for (int i = 0; i < 3; ++i) {
      boost::asio::co_spawn(
          context, http.send({Method::get, peer.url("/")}),
          [&](std::exception_ptr, const base::Result<Response>&) { finished = true; });
    }
    for (int i = 0; i < 20; ++i) context.poll();
  }
  EXPECT_FALSE(finished);
}

}  // namespace
}  // namespace edsm::net
