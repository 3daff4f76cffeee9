#include "net/server.hpp"

#include <optional>
#include <utility>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <fmt/format.h>

#include "net/listen_address.hpp"
#include "net/server_connections.hpp"
#include "net/tls_files.hpp"

namespace edsm::net {
namespace {

using boost::system::error_code;
using tcp = boost::asio::ip::tcp;

std::string see(const Listen& listen) {
  return listen.flag.empty() ? "--metrics-bind-address, --health-probe-bind-address" : listen.flag;
}

std::unexpected<base::Error> refuse(const Listen& listen, error_code error) {
  std::string remedy = "see " + see(listen);
  if (error == boost::asio::error::address_in_use) remedy = "is another edsm running? " + remedy;
  if (error == boost::asio::error::access_denied) remedy = "choose a port above 1023, " + remedy;
  return base::fail(
      base::Failure::invalid, "ListenFailed",
      fmt::format("cannot listen on {}: {} ({})", listen.address, error.message(), remedy));
}

error_code open(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && endpoint.address().is_v6()) {
    acceptor.set_option(boost::asio::ip::v6_only(false), error);
  }
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(boost::asio::socket_base::max_listen_connections, error);
  error_code ignored;
  if (error) acceptor.close(ignored);
  return error;
}

std::vector<tcp::endpoint> endpoints_of(tcp::acceptor& acceptor, const ListenAddress& address,
                                        error_code& error) {
  if (address.host.empty()) {
    // The IPv6 one takes IPv4 as well; the other is for machines without IPv6.
    return {tcp::endpoint(tcp::v6(), address.port), tcp::endpoint(tcp::v4(), address.port)};
  }
  std::vector<tcp::endpoint> endpoints;
  tcp::resolver resolver(acceptor.get_executor());
  const auto flags = tcp::resolver::passive | tcp::resolver::numeric_service;
  for (const auto& found :
       resolver.resolve(address.host, std::to_string(address.port), flags, error)) {
    endpoints.push_back(found.endpoint());
  }
  return endpoints;
}

/// Ends what is still being served when run() ends, however it does.
struct Closer {
  ServerConnections& connections;
  ~Closer() { connections.close_all(); }
};

}  // namespace

class Server::State {
 public:
  explicit State(boost::asio::any_io_executor executor) : acceptor(std::move(executor)) {}

  static base::Task<void> run(std::shared_ptr<State> state) {
    const auto connections =
        std::make_shared<ServerConnections>(state->handler, state->guard, state->tls);
    const Closer closer{*connections};
    co_await connections->accept_from(state->acceptor);
  }

  tcp::acceptor acceptor;
  Handler handler;
  Guard guard;
  std::shared_ptr<TlsFiles> tls;
};

base::Result<Server> Server::bind(boost::asio::any_io_executor executor, Listen listen,
                                  Handler handler) {
  const auto address = ListenAddress::parse(listen.address);
  if (!address) {
    return base::fail(
        base::Failure::invalid, "BadAddress",
        fmt::format("cannot listen on '{}': not HOST:PORT, :PORT or [IPv6]:PORT (see {})",
                    listen.address, see(listen)));
  }
  auto state = std::make_shared<State>(std::move(executor));
  state->handler = std::move(handler);
  state->guard = std::move(listen.guard);
  if (listen.tls_cert_file.empty() != listen.tls_key_file.empty()) {
    return base::fail(
        base::Failure::invalid, "TlsConfiguration",
        fmt::format("cannot serve TLS on {}: a certificate file and a key file are needed, "
                    "only one is named",
                    listen.address));
  }
  if (!listen.tls_cert_file.empty()) {
    state->tls = std::make_shared<TlsFiles>(listen.tls_cert_file, listen.tls_key_file,
                                            std::move(listen.on_certificate));
    auto loaded = state->tls->load();
    if (!loaded) return std::unexpected(std::move(loaded.error()));
  }

  error_code error;
  for (const tcp::endpoint& endpoint : endpoints_of(state->acceptor, *address, error)) {
    error = open(state->acceptor, endpoint);
    if (!error) return Server(std::move(state));
    const bool no_such_family = error == boost::asio::error::address_family_not_supported ||
                                error == boost::system::errc::address_not_available;
    if (!no_such_family) break;
  }
  return refuse(listen, error);
}

Server::Server(std::shared_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

int Server::port() const {
  return state_->acceptor.local_endpoint().port();
}

base::Task<void> Server::run() {
  return State::run(state_);
}

}  // namespace edsm::net
