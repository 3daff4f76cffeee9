#include "cli/commands/cluster.hpp"

#include <cstdio>
#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "base/system_clock.hpp"
#include "cli/environment.hpp"
#include "kube/config.hpp"
#include "net/curl_http.hpp"

namespace edsm::cli {
namespace {

constexpr int kCannotConnect = 2;

net::Transport transport_of(net::Transport transport) {
  transport.user_agent = fmt::format("edsm/{} (linux/amd64)", EDSM_VERSION);
  return transport;
}

}  // namespace

base::ObjectKey key_of(const std::string& name, const std::string& ns) {
  const auto slash = name.find('/');
  if (slash == std::string::npos) return {ns, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

void complain(const std::string& text) {
  fmt::print(stderr, "edsm: {}\n", text);
}

int with_cluster(const ClusterOptions& options,
                 const std::function<base::Task<int>(ClusterAccess)>& command) {
  auto config = kube::load_config(environment, options.kubeconfig, options.context);
  if (!config) {
    complain(base::describe(config.error()));
    return kCannotConnect;
  }
  net::curl_global_setup();
  auto namespaces = options.namespaces;
  if (namespaces.empty()) namespaces = {config->ns};
  if (options.all_namespaces) namespaces = {""};
  const std::string server = config->server;
  base::SystemClock clock;
  telemetry::Metrics metrics;
  boost::asio::io_context io(1);
  net::CurlHttp http(io.get_executor(), transport_of(config->transport.clone()));
  const auto authority = kube::make_authority(
      std::move(*config), clock,
      {[&http](net::Transport fresh) { http.set_transport(transport_of(std::move(fresh))); }});
  kube::Api api(http, http, *authority, clock, metrics, server, "edsm-cli");
  std::optional<int> exit_code;
  boost::asio::co_spawn(io, command({api, clock, std::move(namespaces)}),
                        [&](const std::exception_ptr& error, int code) {
                          if (error) std::rethrow_exception(error);
                          exit_code = code;
                          io.stop();
                        });
  io.run();
  return exit_code.value_or(kCannotConnect);
}

}  // namespace edsm::cli
