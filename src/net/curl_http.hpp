#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/secret.hpp"
#include "net/http.hpp"

namespace edsm::net {

/// How one set of connections is secured and routed. PEM texts win over files.
struct Transport {
  std::string ca_file;                  ///< empty: the system's trust store
  std::string ca_pem;
  base::SecretBytes client_cert_pem;    ///< empty: no client certificate
  base::SecretBytes client_key_pem;
  std::string tls_server_name;          ///< SNI and verified name, where it is not the URL's host
  bool insecure_skip_verify = false;    ///< kubeconfig's insecure-skip-tls-verify; never a default
  /// "http://…", "https://…", "socks5://…"; nullopt: from HTTPS_PROXY/HTTP_PROXY/NO_PROXY; "": none.
  std::optional<std::string> proxy;
  bool http2 = true;                    ///< offer it; watches do without
  long max_connections = 16;            ///< in total, further requests wait
  std::string user_agent;
};

/// Http on libcurl's multi-socket interface, driven by Asio on one executor; no threads of its own
/// but libcurl's resolver. One object is one connection pool: make one per kind of traffic and keep
/// it for the life of the process.
class CurlHttp final : public Http {
 public:
  CurlHttp(boost::asio::any_io_executor executor, Transport transport);
  ~CurlHttp() override;

  base::Task<base::Result<Response>> send(Request request) override;
  base::Task<base::Result<std::unique_ptr<Stream>>> open(Request request) override;

  /// New requests use the new transport; idle connections of the old one are closed.
  void set_transport(Transport transport);

 private:
  class Multi;
  std::shared_ptr<Multi> multi_;
};

/// Once per process, before the first CurlHttp and before any thread.
void curl_global_setup();

}  // namespace edsm::net
