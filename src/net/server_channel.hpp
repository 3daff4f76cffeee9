#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>

#include "base/task.hpp"

namespace edsm::net {

/// The bytes of one accepted connection, plain or through TLS. An interface, because templates over
/// both kinds of stream made a tenth of the whole program.
class ServerChannel {
 public:
  using Error = boost::system::error_code;
  using Buffers = std::array<boost::asio::const_buffer, 2>;

  static std::unique_ptr<ServerChannel> plain(boost::asio::ip::tcp::socket socket);
  static std::unique_ptr<ServerChannel> tls(boost::asio::ip::tcp::socket socket,
                                            std::shared_ptr<boost::asio::ssl::context> context);
  virtual ~ServerChannel() = default;

  /// What is awaited later than that fails.
  virtual void expires_after(std::chrono::seconds time) = 0;
  /// At once; what is awaited fails.
  virtual void close() = 0;

  /// The handshake, if there is one.
  virtual base::Task<Error> open() = 0;
  /// At least one byte, or an error; `asio::error::eof` is the peer's orderly end.
  virtual base::Task<std::size_t> read_some(boost::asio::mutable_buffer into, Error& error) = 0;
  /// All of it, or an error.
  virtual base::Task<Error> write(Buffers buffers) = 0;
  /// Tells the peer that nothing more will come.
  virtual base::Task<Error> end() = 0;
};

}  // namespace edsm::net
