#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "net/http.hpp"

namespace edsm::net {

/// How one set of connections is secured and routed. PEM texts win over files.
struct Transport {
  std::string ca_file;  ///< empty: the system's trust store
  std::string ca_pem;
  base::SecretBytes client_cert_pem;  ///< empty: no client certificate
  base::SecretBytes client_key_pem;
  std::string tls_server_name;        ///< SNI and verified name, where it is not the URL's host
  bool insecure_skip_verify = false;  ///< kubeconfig's insecure-skip-tls-verify; never a default
  /// "http://…", "https://…", "socks5://…"; "": none; nullopt: what HTTPS_PROXY, http_proxy (lower
  /// case only, as libcurl reads them) and NO_PROXY say.
  std::optional<std::string> proxy;
  bool http2 = true;          ///< offer it; watches do without
  long max_connections = 16;  ///< of a pool, further requests wait
  /// So many confidential requests at once use connections that stay open for the next ones; those
  /// of a crowd are closed when they were not wanted for a while.
  std::size_t steady_requests = 2;
  base::Duration crowd_rest = std::chrono::seconds(15);
  std::string user_agent;

  /// Wiped memory does not copy silently.
  Transport clone() const;
};

class CurlCrowd;
class CurlMulti;

/// Http on libcurl's multi-socket interface, driven by Asio on one executor; no threads of its own
/// but libcurl's resolver. One object is one connection pool: make one per kind of traffic and keep
/// it for the life of the process. It must not outlive the executor's io_context; it may be
/// destroyed before the calls that it has begun, which then go on.
class CurlHttp final : public Http {
 public:
  CurlHttp(boost::asio::any_io_executor executor, Transport transport);
  ~CurlHttp() override;

  base::Task<base::Result<Response>> send(Request request) override;
  base::Task<base::Result<std::unique_ptr<Stream>>> open(Request request) override;

  /// New requests use the new transport, on new connections. Those of the old one are closed when
  /// the last of its exchanges has ended.
  void set_transport(Transport transport);

 private:
  std::shared_ptr<CurlMulti> pool_for(const Request& request) const;

  std::shared_ptr<CurlMulti> multi_;
  /// For confidential requests: HTTP/1.1 only. A pool of its own, because libcurl 7.88 may put a
  /// request that could be multiplexed onto a busy HTTP/1.1 connection of the same host, and then
  /// the answers are mixed up.
  std::shared_ptr<CurlMulti> confidential_;
  /// For those of them that come when `Transport::steady_requests` are under way.
  std::shared_ptr<CurlCrowd> crowd_;
};

/// Once per process, before the first CurlHttp and before any thread. From then on libcurl wipes
/// the memory that it frees.
void curl_global_setup();

}  // namespace edsm::net
