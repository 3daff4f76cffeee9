// What is sent to the port of probes and metrics, over a loopback connection.
#include <chrono>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "net/server.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using tcp = boost::asio::ip::tcp;

net::Page page(std::string_view path) {
  must(!path.contains('?'), "the handler gets a path without its query");
  return {path == "/healthz" ? 200 : 404, "text/plain", "a page\n"};
}

/// One server for all inputs, as in life.
struct World {
  World() : server(*net::Server::bind(context.get_executor(), {"127.0.0.1:0", "", ""}, &page)) {
    boost::asio::co_spawn(context, server.run(), boost::asio::detached);
  }

  std::string exchange(std::string_view bytes) {
    tcp::socket socket(context);
    socket.connect(
        {boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(server.port())});
    std::string answer;
    bool done = false;
    boost::asio::async_write(socket, boost::asio::buffer(bytes.data(), bytes.size()),
                             [&](boost::system::error_code, std::size_t) {
                               boost::system::error_code ignored;
                               socket.shutdown(tcp::socket::shutdown_send, ignored);
                             });
    boost::asio::async_read(socket, boost::asio::dynamic_buffer(answer),
                            [&](boost::system::error_code, std::size_t) { done = true; });
    while (!done) context.run_one();
    // The write's handler refers to what ends here.
    boost::system::error_code ignored;
    socket.close(ignored);
    context.poll();
    return answer;
  }

  boost::asio::io_context context{1};
  net::Server server;
};

}  // namespace

void one_input(std::string_view bytes) {
  static World world;
  const auto answer = world.exchange(bytes);
  must(answer.empty() || answer.starts_with("HTTP/1.1 "), "an answer is HTTP");
  // Nothing that the last peer sent does harm to the next.
  const auto healthy =
      world.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  must(healthy.starts_with("HTTP/1.1 200 "), "the next one is served");
}

}  // namespace edsm::fuzz
