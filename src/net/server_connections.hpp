#pragma once

#include <list>
#include <memory>

#include <boost/asio/ip/tcp.hpp>

#include "base/notify.hpp"
#include "net/server.hpp"
#include "net/server_channel.hpp"
#include "net/tls_files.hpp"

namespace edsm::net {

/// The connections of a Server: accepts, serves and bounds them. When all places are taken, the
/// connection that has been idle longest makes room, so that idle clients cannot keep probes out.
class ServerConnections : public std::enable_shared_from_this<ServerConnections> {
 public:
  ServerConnections(Handler handler, Guard guard, std::shared_ptr<TlsFiles> tls);
  ~ServerConnections();

  /// Accepts until cancelled. `acceptor` must stay.
  base::Task<void> accept_from(boost::asio::ip::tcp::acceptor& acceptor);
  void close_all();

 private:
  struct Connection;
  class Guest;

  void close_longest_idle();
  static base::Task<void> serve(std::shared_ptr<ServerConnections> self,
                                boost::asio::ip::tcp::socket socket);
  /// `context`: what a connection with TLS began with.
  static base::Task<void> converse(std::shared_ptr<ServerConnections> self, Guest& guest,
                                   ServerChannel& channel, TlsFiles::Context context);

  Handler handler_;
  Guard guard_;
  std::shared_ptr<TlsFiles> tls_;  ///< null: plain HTTP
  std::list<Connection> connections_;
  base::Notify changed_;  ///< a connection left or became idle
};

}  // namespace edsm::net
