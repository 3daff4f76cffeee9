#include "kube/incluster.hpp"

#include <fmt/format.h>

#include "kube/files.hpp"

namespace edsm::kube {
namespace {

constexpr std::string_view kHost = "KUBERNETES_SERVICE_HOST";
constexpr std::string_view kPort = "KUBERNETES_SERVICE_PORT";

}  // namespace

bool in_cluster(const Getenv& getenv) {
  const auto host = getenv(kHost);
  const auto port = getenv(kPort);
  return host && !host->empty() && port && !port->empty();
}

base::Result<Config> read_in_cluster(const Getenv& getenv, std::string_view folder) {
  const std::string host = getenv(kHost).value_or("");
  const std::string port = getenv(kPort).value_or("");
  Config config;
  config.source = "in-cluster";
  const bool ipv6 = host.contains(':');
  config.server = fmt::format(fmt::runtime(ipv6 ? "https://[{}]:{}" : "https://{}:{}"), host, port);
  config.token_file = fmt::format("{}/token", folder);
  config.ca_file = fmt::format("{}/ca.crt", folder);

  constexpr std::string_view remedy =
      "in-cluster configuration: is automountServiceAccountToken switched off?";
  const auto token = read_file(config.token_file);
  if (!token) return base::fail(token.error(), remedy);
  const auto ca = read_file(config.ca_file);
  if (!ca) return base::fail(ca.error(), remedy);
  config.transport.ca_pem = ca->view();
  const auto ns = read_file(fmt::format("{}/namespace", folder));
  if (ns && !trimmed(ns->view()).empty()) config.ns = trimmed(ns->view());
  return config;
}

}  // namespace edsm::kube
