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
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <fmt/format.h>

namespace edsm::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::size_t max_connections = 64;
constexpr std::uint32_t max_header = 8 * 1024;
constexpr std::size_t read_size = 4 * 1024;
constexpr std::chrono::seconds request_time(10);
constexpr std::chrono::seconds idle_time(60);
constexpr std::chrono::milliseconds pause_after_failed_accept(100);

using Parser = http::request_parser<http::empty_body>;

struct Answer {
  Page page;
  std::string_view more_fields{};  ///< each with its line end
  bool keep_alive = false;

  std::string head() const {
    const std::string_view reason = http::obsolete_reason(static_cast<http::status>(page.status));
    return fmt::format("HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{}{}\r\n",
                       page.status, reason, page.content_type, page.body.size(), more_fields,
                       keep_alive ? "" : "Connection: close\r\n");
  }
};

Answer refusal(http::status status, std::string text) {
  return {.page = {.status = static_cast<int>(status), .body = std::move(text)}};
}

/// Why a request is none that a Handler can answer.
std::optional<Answer> refused(const Parser& parser) {
  const auto& request = parser.get();
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    Answer answer = refusal(http::status::method_not_allowed, "only GET and HEAD\n");
    answer.more_fields = "Allow: GET, HEAD\r\n";
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
  const bool unauthorized = page.status == static_cast<int>(http::status::unauthorized);
  return {.page = std::move(page),
          .more_fields = unauthorized ? "Cache-Control: no-store\r\nWWW-Authenticate: Bearer\r\n"
                                      : "Cache-Control: no-store\r\n",
          .keep_alive = parser.get().keep_alive()};
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
  return error.category() == sample.category();
}

Answer answer_to_bad(error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(http::status::request_header_fields_too_large, "the header is too large\n");
  }
  return refusal(http::status::bad_request, "not an HTTP/1.1 request\n");
}

base::Task<void> read_more(ServerChannel& channel, beast::flat_buffer& buffer, error_code& error) {
  const std::size_t room = std::min(read_size, buffer.max_size() - buffer.size());
  const std::size_t count = co_await channel.read_some(buffer.prepare(room), error);
  buffer.commit(count);
}

base::Task<void> read_header(ServerChannel& channel, beast::flat_buffer& buffer, Parser& parser,
                             error_code& error) {
  for (;;) {
    const std::size_t used = parser.put(buffer.data(), error);
    buffer.consume(used);
    if (error && error != http::error::need_more) co_return;
    error.clear();
    if (parser.is_header_done()) co_return;
    co_await read_more(channel, buffer, error);
    if (error) co_return;
  }
}

}  // namespace

struct ServerConnections::Connection {
  ServerChannel* channel;
  bool idle = false;
};

/// A connection's place in the list for as long as it is served. The list is in the order of last
/// use.
class ServerConnections::Guest {
 public:
  Guest(std::shared_ptr<ServerConnections> host, ServerChannel& channel)
      : host_(std::move(host)),
        place_(host_->connections_.insert(host_->connections_.end(), Connection{&channel})) {}
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
    asio::co_spawn(executor, serve(shared_from_this(), std::move(socket)), asio::detached);
  }
}

/// If none is idle, one will be, or leave, in `request_time` at the latest.
void ServerConnections::close_longest_idle() {
  const auto longest = std::ranges::find_if(connections_, &Connection::idle);
  if (longest != connections_.end()) longest->channel->close();
}

void ServerConnections::close_all() {
  for (const Connection& each : connections_) each.channel->close();
}

base::Task<void> ServerConnections::serve(std::shared_ptr<ServerConnections> self,
                                          tcp::socket socket) {
  const TlsFiles::Context context = self->tls_ ? self->tls_->current() : nullptr;
  const auto channel = context ? ServerChannel::tls(std::move(socket), context)
                               : ServerChannel::plain(std::move(socket));
  Guest guest(self, *channel);
  channel->expires_after(request_time);
  const error_code error = co_await channel->open();
  if (error) co_return;
  co_await converse(self, guest, *channel, context);
  channel->expires_after(request_time);
  co_await channel->end();
}

base::Task<void> ServerConnections::converse(std::shared_ptr<ServerConnections> self, Guest& guest,
                                             ServerChannel& channel, TlsFiles::Context context) {
  beast::flat_buffer buffer(std::size_t{2} * max_header);
  channel.expires_after(request_time);
  for (bool first = true, again = true; again; first = false) {
    Parser parser;
    parser.header_limit(max_header);
    parser.body_limit(boost::none);  // bodies are refused, not read
    error_code error;
    if (!first && buffer.size() == 0) {
      guest.set_idle(true);
      channel.expires_after(idle_time);
      co_await read_more(channel, buffer, error);
      guest.set_idle(false);
    }
    channel.expires_after(request_time);
    if (!error) co_await read_header(channel, buffer, parser, error);
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
    if (context && self->tls_->current() != context) answer.keep_alive = false;
    again = answer.keep_alive;
    const bool only_head = parser.get().method() == http::verb::head;
    const std::string head = answer.head();
    const std::string_view body = only_head ? std::string_view() : answer.page.body;
    const ServerChannel::Buffers both = {asio::buffer(head), asio::buffer(body)};
    channel.expires_after(request_time);
    error = co_await channel.write(both);
    if (error) co_return;
  }
}

}  // namespace edsm::net
