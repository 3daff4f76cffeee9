#include "net/server_connections.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace edsm::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t max_connections = 64;
constexpr std::uint32_t max_header = 8 * 1024;
constexpr std::chrono::seconds request_time(10);
constexpr std::chrono::seconds idle_time(60);
constexpr std::chrono::milliseconds pause_after_failed_accept(100);

using Answer = http::response<http::string_body>;
using Parser = http::request_parser<http::empty_body>;

Answer refusal(http::status status, std::string_view text) {
  Answer answer(status, 11);
  answer.set(http::field::content_type, "text/plain; charset=utf-8");
  answer.body() = text;
  answer.keep_alive(false);
  return answer;
}

/// Why a request is none that a Handler can answer.
std::optional<Answer> refused(const Parser& parser) {
  const auto& request = parser.get();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Answer answer = refusal(http::status::method_not_allowed, "only GET and HEAD\n");
    answer.set(http::field::allow, "GET, HEAD");
    return answer;
  }
  if (!parser.is_done()) return refusal(http::status::bad_request, "a request with a body\n");
  return std::nullopt;
}

std::string path_of(const Parser& parser) {
  const auto target = parser.get().target();
  return std::string(target.substr(0, target.find('?')));
}

/// Of `Authorization: Bearer TOKEN`.
base::SecretBytes bearer_of(const Parser& parser) {
  constexpr std::size_t scheme = 7;
  const auto header = parser.get()[http::field::authorization];
  if (!beast::iequals(header.substr(0, scheme), "Bearer ")) return {};
  std::string_view token(header.data() + scheme, header.size() - scheme);
  while (token.starts_with(' ')) token.remove_prefix(1);
  return base::SecretBytes(token);
}

Answer answer_with(Page page, const Parser& parser) {
  Answer answer;
  answer.version(11);
  answer.result(static_cast<unsigned>(page.status));
  answer.set(http::field::content_type, page.content_type);
  answer.set(http::field::cache_control, "no-store");
  if (answer.result() == http::status::unauthorized) {
    answer.set(http::field::www_authenticate, "Bearer");
  }
  answer.body() = std::move(page.body);
  answer.keep_alive(parser.get().keep_alive());
  return answer;
}

Answer answer_to(const Parser& parser, const Handler& handler) {
  try {
    return answer_with(handler(path_of(parser)), parser);
  } catch (const std::exception&) {
    return refusal(http::status::internal_server_error, "internal error\n");
  }
}

/// True if the peer sent something wrong, false if it went away or was too slow.
bool is_bad_request(error_code error) {
  static const error_code sample = http::error::bad_method;
  return error.category() == sample.category() && error != http::error::end_of_stream &&
         error != http::error::partial_message;
}

Answer answer_to_bad(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(http::status::request_header_fields_too_large, "the header is too large\n");
  }
  return refusal(http::status::bad_request, "not an HTTP/1.1 request\n");
}

}  // namespace

struct ServerConnections::Connection {
  beast::tcp_stream* stream;
  bool idle = false;
};

/// A connection's place in the list for as long as it is served. The list is in the order of last
/// use.
class ServerConnections::Guest {
 public:
  Guest(std::shared_ptr<ServerConnections> host, beast::tcp_stream& stream)
      : host_(std::move(host)),
        place_(host_->connections_.insert(host_->connections_.end(), Connection{&stream})) {}
  ~Guest() {
    host_->connections_.erase(place_);
    host_->changed_.notify();
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  void set_idle(bool idle) {
    place_->idle = idle;
    auto& all = host_->connections_;
    all.splice(all.end(), all, place_);
    if (idle) host_->changed_.notify();
  }

 private:
  std::shared_ptr<ServerConnections> host_;
  std::list<Connection>::iterator place_;
};

ServerConnections::ServerConnections(Handler handler, Guard guard, std::shared_ptr<TlsFiles> tls)
    : handler_(std::move(handler)), guard_(std::move(guard)), tls_(std::move(tls)) {}
ServerConnections::~ServerConnections() = default;

base::Task<void> ServerConnections::accept_from(tcp::acceptor& acceptor) {
  const auto executor = acceptor.get_executor();
  for (;;) {
    tcp::socket socket(executor);
    error_code error;
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error) {
      // Out of file descriptors, or the peer left at once.
      asio::steady_timer timer(executor, pause_after_failed_accept);
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    while (connections_.size() >= max_connections) {
      close_longest_idle();
      co_await changed_.wait();
    }
    if (tls_) {
      asio::co_spawn(executor, serve_tls(shared_from_this(), std::move(socket)), asio::detached);
    } else {
      asio::co_spawn(executor, serve(shared_from_this(), std::move(socket)), asio::detached);
    }
  }
}

/// If none is idle, one will be, or leave, in `request_time` at the latest.
void ServerConnections::close_longest_idle() {
  const auto longest = std::ranges::find_if(connections_, &Connection::idle);
  if (longest != connections_.end()) longest->stream->close();
}

void ServerConnections::close_all() {
  for (const Connection& each : connections_) each.stream->close();
}

base::Task<void> ServerConnections::serve(std::shared_ptr<ServerConnections> self,
                                          tcp::socket socket) {
  beast::tcp_stream stream(std::move(socket));
  Guest guest(self, stream);
  co_await converse(self, guest, stream, nullptr);
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

base::Task<void> ServerConnections::serve_tls(std::shared_ptr<ServerConnections> self,
                                              tcp::socket socket) {
  const TlsFiles::Context context = self->tls_->current();
  beast::ssl_stream<beast::tcp_stream> stream(std::move(socket), *context);
  beast::tcp_stream& lowest = stream.next_layer();
  Guest guest(self, lowest);
  lowest.expires_after(request_time);
  error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server,
                                  asio::redirect_error(asio::use_awaitable, error));
  if (error) co_return;
  co_await converse(self, guest, stream, context);
  lowest.expires_after(request_time);
  co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
}

template <class Stream>
base::Task<void> ServerConnections::converse(std::shared_ptr<ServerConnections> self, Guest& guest,
                                             Stream& stream, TlsFiles::Context context) {
  beast::flat_buffer buffer(std::size_t{2} * max_header);
  auto& lowest = beast::get_lowest_layer(stream);
  lowest.expires_after(request_time);
  for (bool first = true, again = true; again; first = false) {
    Parser parser;
    parser.header_limit(max_header);
    parser.body_limit(boost::none);  // bodies are refused, not read
    error_code error;
    if (!first && buffer.size() == 0) {
      guest.set_idle(true);
      lowest.expires_after(idle_time);
      co_await http::async_read_some(stream, buffer, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
      guest.set_idle(false);
    }
    lowest.expires_after(request_time);
    if (!error && !parser.is_header_done()) {
      co_await http::async_read_header(stream, buffer, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
    }
    if (error && !is_bad_request(error)) co_return;

    // What was read may hold a token, and the buffer lives as long as the connection.
    buffer.shrink_to_fit();
    std::optional<Answer> made;
    if (error) made = answer_to_bad(error);
    if (!made) made = refused(parser);
    if (!made && self->guard_) {
      auto page = co_await self->guard_(path_of(parser), bearer_of(parser));
      if (page) made = answer_with(std::move(*page), parser);
    }
    if (!made) made = answer_to(parser, self->handler_);
    Answer& answer = *made;
    // A key that was replaced is kept in memory by those who use it.
    if (context && self->tls_->current() != context) answer.keep_alive(false);
    answer.prepare_payload();
    again = answer.keep_alive();
    lowest.expires_after(request_time);
    error.clear();
    if (parser.get().method() == http::verb::head) {
      http::response<http::empty_body> head(std::move(answer.base()));
      co_await http::async_write(stream, head, asio::redirect_error(asio::use_awaitable, error));
    } else {
      co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, error));
    }
    if (error) co_return;
  }
}

}  // namespace edsm::net
