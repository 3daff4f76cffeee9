#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/task.hpp"

namespace edsm::support {

/// One end of a connection (mostly the server's), in readable verbs. `Socket` is tcp::socket or an
/// ssl::stream.
template <class Socket>
class Peer {
 public:
  explicit Peer(Socket socket) : socket_(std::move(socket)) {}

  /// One message, header and body (by Content-Length), as it came; "" if the other end went away.
  base::Task<std::string> message() {
    std::size_t end = std::string::npos;
    while ((end = bytes_.find("\r\n\r\n")) == std::string::npos) {
      const bool more = co_await fill();
      if (!more) co_return std::string();
    }
    const std::size_t length = end + 4 + content_length(std::string_view(bytes_).substr(0, end));
    while (bytes_.size() < length) {
      const bool more = co_await fill();
      if (!more) co_return std::string();
    }
    std::string message = bytes_.substr(0, length);
    bytes_.erase(0, length);
    co_return message;
  }

  base::Task<std::string> request() { return message(); }

  /// False if the other end went away.
  base::Task<bool> write(std::string bytes) {
    boost::system::error_code error;
    co_await boost::asio::async_write(
        socket_, boost::asio::buffer(bytes),
        boost::asio::redirect_error(boost::asio::use_awaitable, error));
    co_return !error;
  }

  base::Task<bool> answer(int status, std::string body) {
    std::string bytes =
        fmt::format("HTTP/1.1 {} X\r\nContent-Length: {}\r\n\r\n{}", status, body.size(), body);
    return write(std::move(bytes));
  }

  /// One chunk of a chunked body; an empty one ends it.
  base::Task<bool> chunk(std::string bytes) {
    std::string framed = fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
    return write(std::move(framed));
  }

  /// Returns when the client has closed the connection.
  base::Task<void> closed() {
    for (bool more = true; more;) more = co_await fill();
  }

  void close() { socket_.lowest_layer().close(); }
  Socket& socket() { return socket_; }

 private:
  base::Task<bool> fill() {
    std::string piece(16384, '\0');
    boost::system::error_code error;
    const std::size_t count = co_await socket_.async_read_some(
        boost::asio::buffer(piece), boost::asio::redirect_error(boost::asio::use_awaitable, error));
    bytes_.append(piece, 0, count);
    co_return !error;
  }

  static std::size_t content_length(std::string_view header) {
    static constexpr std::string_view name = "\r\nContent-Length: ";
    const auto at = header.find(name);
    if (at == std::string_view::npos) return 0;
    return std::stoul(std::string(header.substr(at + name.size(), 20)));
  }

  Socket socket_;
  std::string bytes_;
};

using TcpPeer = Peer<boost::asio::ip::tcp::socket>;

/// A listening socket on 127.0.0.1 whose answers the test writes by hand.
class Loopback {
 public:
  explicit Loopback(boost::asio::io_context& context)
      : acceptor_(context, {boost::asio::ip::address_v4::loopback(), 0}),
        port_(acceptor_.local_endpoint().port()) {}

  int port() const { return port_; }
  std::string url(std::string_view path) const {
    return fmt::format("http://127.0.0.1:{}{}", port(), path);
  }
  base::Task<boost::asio::ip::tcp::socket> accept_socket() {
    ++accepted;
    return acceptor_.async_accept(boost::asio::use_awaitable);
  }
  base::Task<TcpPeer> accept() {
    auto socket = co_await accept_socket();
    co_return TcpPeer(std::move(socket));
  }
  void close() { acceptor_.close(); }

  int accepted = 0;  ///< accepts begun

 private:
  boost::asio::ip::tcp::acceptor acceptor_;
  int port_;
};

}  // namespace edsm::support
