#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "kube/files.hpp"
#include "net/curl_http.hpp"

namespace edsm::kube {

/// Reads an environment variable; nullopt if unset. Only the program's entry knows the real one.
using Getenv = std::function<std::optional<std::string>(std::string_view)>;

/// exec credential plugin of a kubeconfig user.
struct ExecPlugin {
  std::string api_version;
  std::string command;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  std::string interactive_mode;
  std::string install_hint;
  bool provide_cluster_info = false;
  std::string cluster_info;  ///< JSON for KUBERNETES_EXEC_INFO; empty unless to be provided
};

/// How to reach and be known to one API server. Where a file is named it is read again over time.
struct Config {
  std::string source;  ///< for messages: "in-cluster" or the kubeconfig's path and context
  std::string server;  ///< "https://host:port[/prefix]"
  std::string ns = "default";
  net::Transport transport;      ///< CA, client certificate (as PEM), proxy, server name
  std::string ca_file;           ///< files behind the transport, re-read when they change
  std::string client_cert_file;  ///< empty where the kubeconfig holds the bytes
  std::string client_key_file;
  base::SecretBytes token;
  std::string token_file;  ///< wins over token
  std::string username;
  base::SecretBytes password;
  std::optional<ExecPlugin> exec;
  std::string impersonate_user;
  std::string impersonate_uid;
  std::vector<std::string> impersonate_groups;
  ReadFile read_file = kube::read_file;  ///< reads the files above, again and again
};

/// The first of: an explicit path; KUBECONFIG; in-cluster; ~/.kube/config. Failure::invalid with a
/// text that lists what was looked for and the remedy.
base::Result<Config> load_config(const Getenv& getenv, std::string_view explicit_path = {},
                                 std::string_view context = {});

/// Adds who we are to a request. Implementations cache and refresh; see make_authority.
class Authority {
 public:
  virtual ~Authority() = default;
  virtual base::Task<base::Result<>> authorise(net::Request& request) = 0;
  /// The server answered 401 to a request that was authorised at `when`: newer credentials, please.
  virtual void rejected(base::Instant when) = 0;
};

/// Gives one connection pool new TLS material. What is the pool's own stays the caller's: it sets
/// `http2` and `max_connections` before it calls CurlHttp::set_transport.
using SetTransport = std::function<void(net::Transport)>;

/// Bearer tokens (file re-read after 60 s and after a 401, old one kept if the read fails), basic
/// auth, exec plugins (run again at expiry and after a 401), impersonation headers; client
/// certificates go into the transports, which are replaced when their files change (looked at every
/// 5 minutes) or a plugin gives new ones. Credentials go over https or to a loopback address only:
/// anything else is Failure::invalid, "InsecureServer".
std::unique_ptr<Authority> make_authority(Config config, base::Clock& clock,
                                          std::vector<SetTransport> transports);

}  // namespace edsm::kube
