#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::net {

struct Page {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Answers GET and HEAD of one path (without its query); 404 is the handler's to say.
using Handler = std::function<Page(std::string_view path)>;

/// Asked before each answer of a Handler; what it returns is sent in its place, nothing lets the
/// request pass. `bearer` is the token of the request's Authorization header, empty if it has none.
using Guard =
    std::function<base::Task<std::optional<Page>>(std::string path, base::SecretBytes bearer)>;

/// Told when the certificate's files have changed: that they are used, or why they are not.
using OnCertificate = std::function<void(const base::Result<>&)>;

struct Listen {
  std::string address;        ///< "HOST:PORT", ":PORT" (all interfaces) or "[::1]:PORT"
  std::string tls_cert_file;  ///< both empty: plain HTTP
  std::string tls_key_file;
  std::string flag{};  ///< "--metrics-bind-address": the flag that error texts point to
  Guard guard{};       ///< none: everybody may ask
  OnCertificate on_certificate{};
};

/// The small inbound HTTP/1.1 server for probes and metrics. Bounded: 64 connections, 8 KiB of
/// request header, 10 s for a request, 60 s idle. With TLS the files are read again when they
/// change, and connections that began with the old key are closed after their next answer.
class Server {
 public:
  /// Binds at once. Failure::invalid ("BadAddress", "ListenFailed", "TlsConfiguration") with a text
  /// that names the address and the flag's remedy.
  static base::Result<Server> bind(boost::asio::any_io_executor executor, Listen listen,
                                   Handler handler);

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  /// The port in use (of interest where ":0" was asked for).
  int port() const;
  /// Serves until cancelled; then also the connections are closed.
  base::Task<void> run();

 private:
  class State;
  explicit Server(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace edsm::net
