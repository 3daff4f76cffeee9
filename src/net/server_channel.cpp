#include "net/server_channel.hpp"

#include <utility>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace edsm::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;

template <class Stream>
class Channel : public ServerChannel {
 public:
  template <class... Arguments>
  explicit Channel(Arguments&&... arguments) : stream_(std::forward<Arguments>(arguments)...) {}

  void expires_after(std::chrono::seconds time) override {
    beast::get_lowest_layer(stream_).expires_after(time);
  }
  void close() override { beast::get_lowest_layer(stream_).close(); }

  base::Task<std::size_t> read_some(asio::mutable_buffer into, Error& error) override {
    co_return co_await stream_.async_read_some(into,
                                               asio::redirect_error(asio::use_awaitable, error));
  }

  base::Task<Error> write(Buffers buffers) override {
    Error error;
    co_await asio::async_write(stream_, buffers, asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

 protected:
  Stream stream_;
};

class Plain final : public Channel<beast::tcp_stream> {
 public:
  using Channel::Channel;
  base::Task<Error> open() override { co_return Error(); }
  base::Task<Error> end() override {
    Error error;
    stream_.socket().shutdown(tcp::socket::shutdown_send, error);
    co_return error;
  }
};

class Tls final : public Channel<asio::ssl::stream<beast::tcp_stream>> {
 public:
  Tls(tcp::socket socket, std::shared_ptr<asio::ssl::context> context)
      : Channel(std::move(socket), *context), context_(std::move(context)) {}

  base::Task<Error> open() override {
    Error error;
    co_await stream_.async_handshake(asio::ssl::stream_base::server,
                                     asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

  base::Task<Error> end() override {
    Error error;
    co_await stream_.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    co_return error;
  }

 private:
  std::shared_ptr<asio::ssl::context> context_;
};

}  // namespace

std::unique_ptr<ServerChannel> ServerChannel::plain(tcp::socket socket) {
  return std::make_unique<Plain>(std::move(socket));
}

std::unique_ptr<ServerChannel> ServerChannel::tls(tcp::socket socket,
                                                  std::shared_ptr<asio::ssl::context> context) {
  return std::make_unique<Tls>(std::move(socket), std::move(context));
}

}  // namespace edsm::net
