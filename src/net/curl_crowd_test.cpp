// Many confidential requests at once, and what is left of their connections afterwards.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "net/curl_http.hpp"
#include "support/loopback.hpp"

namespace edsm::net {
namespace {

using base::Task;
using support::Loopback;
using support::TcpPeer;
using namespace std::chrono_literals;

Transport one_steady_request() {
  static const bool ready = (curl_global_setup(), true);
  Transport transport;
  if (ready) transport.proxy = "";
  transport.steady_requests = 1;
  transport.crowd_rest = 50ms;
  return transport;
}

class CurlCrowdTest : public testing::Test {
 protected:
  void begin(Task<void> task) {
    ++under_way;
    boost::asio::co_spawn(context, std::move(task), [this](const std::exception_ptr& error) {
      if (error) std::rethrow_exception(error);
      if (--under_way == 0) context.stop();
    });
  }
  /// Until all that was begun has ended.
  void run() {
    context.restart();
    context.run();
  }

  static Task<void> get(CurlCrowdTest& test, std::string path) {
    Request request(Method::get, test.peer.url(path));
    request.confidential = true;
    const auto response = co_await test.http.send(std::move(request));
    EXPECT_TRUE(response && response->status == 200) << path;
  }
  /// Takes one request on each of so many connections, before it answers the first.
  static Task<void> serve_at_once(CurlCrowdTest& test, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto client = co_await test.peer.accept();
      const auto request = co_await client.request();
      EXPECT_EQ(request.starts_with("GET /0"), i == 0) << "who is first is no part of the crowd";
      test.clients.push_back(std::move(client));
    }
    for (auto& client : test.clients) co_await client.answer(200, "");
  }
  /// Takes so many requests, and answers them only after the crowd's rest.
  static Task<void> serve_late(CurlCrowdTest& test, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      auto client = co_await test.peer.accept();
      co_await client.request();
      test.clients.push_back(std::move(client));
    }
    co_await wait(test, 3 * one_steady_request().crowd_rest);
    for (auto& client : test.clients) co_await client.answer(200, "");
  }
  static Task<void> serve_again(TcpPeer& client) {
    const auto request = co_await client.request();
    EXPECT_NE(request, "");
    co_await client.answer(200, "");
  }
  static Task<void> wait(CurlCrowdTest& test, base::Duration time) {
    boost::asio::steady_timer timer(test.context, time);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }

  void three_at_once() {
    begin(serve_at_once(*this, 3));
    for (const auto* const path : {"/0", "/1", "/2"}) begin(get(*this, path));
    run();
    ASSERT_EQ(clients.size(), 3U);
  }

  boost::asio::io_context context{1};
  std::size_t under_way = 0;
  Loopback peer{context};
  std::vector<TcpPeer> clients;
  CurlHttp http{context.get_executor(), one_steady_request()};
};

TEST_F(CurlCrowdTest, ItsConnectionsAreClosedAfterARestAndTheSteadyOneIsKept) {
  three_at_once();
  begin(clients[1].closed());
  begin(clients[2].closed());
  run();
  begin(serve_again(clients[0]));
  begin(get(*this, "/again"));
  run();
}

TEST_F(CurlCrowdTest, TheNextCrowdUsesThemUntilThen) {
  three_at_once();
  for (auto& client : clients) begin(serve_again(client));
  for (const auto* const path : {"/a", "/b", "/c"}) begin(get(*this, path));
  run();
}

TEST_F(CurlCrowdTest, ALongRequestOutlastsTheRest) {
  begin(get(*this, "/0"));
  begin(get(*this, "/1"));
  begin(serve_late(*this, 2));
  run();
}

}  // namespace
}  // namespace edsm::net
