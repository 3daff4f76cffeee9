#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "net/curl_http.hpp"
#include "support/loopback.hpp"
#include "support/run.hpp"

namespace edsm::net {
namespace {

using base::Failure;
using base::Task;
using support::Loopback;
using support::TcpPeer;

const std::string chunked_header =
    "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n";

Transport plain() {
  static const bool ready = (curl_global_setup(), true);
  Transport transport;
  if (ready) transport.proxy = "";
  return transport;
}

class CurlStreamTest : public testing::Test {
 protected:
  void script(Task<void> task) {
    boost::asio::co_spawn(context, std::move(task), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  Request get() { return {Method::get, peer.url("/watch")}; }
  base::Result<std::unique_ptr<Stream>> open(Request request) {
    return support::run(context, http.open(std::move(request)));
  }
  base::Result<base::SecretBytes> read(Stream& stream) {
    return support::run(context, stream.read());
  }

  boost::asio::io_context context{1};
  Loopback peer{context};
  CurlHttp http{context.get_executor(), plain()};
};

/// The peer's end, kept outside of a coroutine so that the test says when a piece is sent.
Task<void> begin(Loopback& peer, std::optional<TcpPeer>& client, std::string bytes) {
  TcpPeer accepted = co_await peer.accept();
  co_await accepted.request();
  co_await accepted.write(std::move(bytes));
  client.emplace(std::move(accepted));
}

TEST_F(CurlStreamTest, FailsToOpenLikeASend) {
  peer.close();
  const auto stream = open(get());
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, "ConnectionFailed");
}

TEST_F(CurlStreamTest, PiecesArriveAsTheyAreSentAndTheEndIsProper) {
  std::optional<TcpPeer> client;
  script(begin(peer, client, chunked_header));
  auto stream = open(get());  // returns before any byte of the body
  ASSERT_TRUE(stream) << stream.error().text;
  EXPECT_EQ((*stream)->status(), 200);
  EXPECT_EQ((*stream)->headers().find("x-a"), "b");
  while (!client) context.run_one();
  for (const char* const piece : {"one", "two", "three"}) {
    support::run(context, client->chunk(piece));
    const auto bytes = read(**stream);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->view(), piece);
  }
  support::run(context, client->chunk(""));
  for (int i = 0; i < 2; ++i) {
    const auto end = read(**stream);
    ASSERT_TRUE(end);
    EXPECT_TRUE(end->empty());
  }
}

TEST_F(CurlStreamTest, ATornBodyIsAnErrorAfterWhatArrived) {
  struct Case {
    std::string name, bytes;
  };
  const Case cases[] = {
      {"chunked", chunked_header + "3\r\nabc\r\n"},
      {"length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"},
  };
  for (const Case& c : cases) {
    std::optional<TcpPeer> client;
    script(begin(peer, client, c.bytes));
    auto stream = open(get());
    ASSERT_TRUE(stream);
    while (!client) context.run_one();
    client->close();
    const auto bytes = read(**stream);
    ASSERT_TRUE(bytes) << c.name;
    EXPECT_EQ(bytes->view(), "abc");
    for (int i = 0; i < 2; ++i) {
      const auto end = read(**stream);
      ASSERT_FALSE(end) << c.name;
      EXPECT_EQ(end.error().failure, Failure::transient);
      EXPECT_EQ(end.error().code, "ConnectionLost");
    }
  }
}

TEST_F(CurlStreamTest, TheTimeoutEndsAStreamThatFallsSilent) {
  std::optional<TcpPeer> client;
  script(begin(peer, client, chunked_header));
  Request request = get();
  request.timeout = std::chrono::milliseconds(50);
  auto stream = open(std::move(request));
  ASSERT_TRUE(stream) << stream.error().text;
  const auto bytes = read(**stream);
  ASSERT_FALSE(bytes);
  EXPECT_EQ(bytes.error().failure, Failure::transient);
  EXPECT_EQ(bytes.error().code, "Timeout");
}

TEST_F(CurlStreamTest, DestroyingItBetweenReadsClosesTheConnection) {
  std::optional<TcpPeer> client;
  script(begin(peer, client, chunked_header + "3\r\nabc\r\n"));
  auto stream = open(get());
  ASSERT_TRUE(stream);
  ASSERT_TRUE(read(**stream));
  while (!client) context.run_one();
  stream->reset();
  support::run(context, client->closed());  // throws if it never comes
}

Task<void> flood(Loopback& peer, std::size_t mebibytes, std::size_t& sent) {
  TcpPeer client = co_await peer.accept();
  co_await client.request();
  co_await client.write(chunked_header);
  for (; sent < mebibytes; ++sent) {
    std::string piece(std::size_t{1} << 20U, static_cast<char>('a' + sent % 26));
    co_await client.chunk(std::move(piece));
  }
  co_await client.chunk("");
}

TEST_F(CurlStreamTest, AStreamThatIsNotReadHoldsThePeerBackAndLosesNothing) {
  constexpr std::size_t total = 64;
  std::size_t sent = 0;
  script(flood(peer, total, sent));
  auto stream = open(get());
  ASSERT_TRUE(stream);
  for (std::size_t quiet = 0; quiet < 1000; ++quiet) {
    if (context.poll() != 0) quiet = 0;
  }
  // One in our buffer, some in those of the kernel.
  EXPECT_GE(sent, 1U);
  EXPECT_LT(sent, total / 2);

  std::size_t received = 0;
  for (;;) {
    const auto bytes = read(**stream);
    ASSERT_TRUE(bytes);
    if (bytes->empty()) break;
    EXPECT_LE(bytes->size(), std::size_t{2} << 20U);
    for (const char byte : bytes->view()) {
      const auto expected = static_cast<char>('a' + (received >> 20U) % 26);
      ASSERT_EQ(byte, expected) << received;
      ++received;
    }
  }
  EXPECT_EQ(received, total << 20U);
}

TEST_F(CurlStreamTest, SendsGoOnBesideAStream) {
  std::optional<TcpPeer> watched;
  script(begin(peer, watched, chunked_header));
  auto stream = open(get());
  ASSERT_TRUE(stream);
  std::optional<TcpPeer> other;
  script(begin(peer, other, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  const auto response = support::run(context, http.send({Method::get, peer.url("/get")}));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->body.view(), "hi");
}

Task<void> read_on(CurlHttp& http, Request request, bool& opened) {
  auto stream = co_await http.open(std::move(request));
  opened = stream.has_value();
  if (!stream) co_return;
  co_await (*stream)->read();
}

TEST(CurlStreamLifetime, TheContextMayGoWhileAReadIsPending) {
  bool opened = false;
  {
    boost::asio::io_context context(1);
    Loopback peer(context);
    CurlHttp http(context.get_executor(), plain());
    std::optional<TcpPeer> client;
    boost::asio::co_spawn(context, begin(peer, client, chunked_header), boost::asio::detached);
    boost::asio::co_spawn(context, read_on(http, {Method::get, peer.url("/")}, opened),
                          boost::asio::detached);
    while (!opened) context.run_one();
    for (int i = 0; i < 20; ++i) context.poll();
  }
  EXPECT_TRUE(opened);
}

}  // namespace
}  // namespace edsm::net
