#include "kube/exec_credential.hpp"

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"

namespace edsm::kube {
namespace {

constexpr std::string_view kV1 = "client.authentication.k8s.io/v1";
constexpr std::string_view kV1Beta1 = "client.authentication.k8s.io/v1beta1";

std::unexpected<base::Error> wrong(std::string text) {
  return base::fail(base::Failure::credentials, "ExecPlugin", std::move(text));
}

}  // namespace

std::string check_exec_plugin(const ExecPlugin& plugin) {
  if (plugin.command.empty()) return "command is missing";
  if (plugin.api_version != kV1 && plugin.api_version != kV1Beta1) {
    return fmt::format("apiVersion must be {} or {}; update the plugin's kubeconfig entry", kV1,
                       kV1Beta1);
  }
  const std::string& mode = plugin.interactive_mode;
  if (mode == "Always") {
    return "interactiveMode Always needs a person at a terminal; use a plugin that needs none";
  }
  const bool missing = mode.empty() && plugin.api_version == kV1;
  if (missing || (!mode.empty() && mode != "Never" && mode != "IfAvailable")) {
    return "interactiveMode must be Never or IfAvailable";
  }
  return {};
}

std::string exec_info(const ExecPlugin& plugin) {
  base::JsonWriter json;
  json.begin_object().member("kind", "ExecCredential").member("apiVersion", plugin.api_version);
  json.key("spec").begin_object().key("interactive").boolean(false);
  if (!plugin.cluster_info.empty()) json.key("cluster").raw(plugin.cluster_info);
  json.end_object().end_object();
  return std::string(json.bytes().view());
}

base::Result<ExecCredential> parse_exec_credential(std::string_view output,
                                                   std::string_view api_version) {
  const auto document = base::JsonDocument::parse(output);
  if (!document) return wrong("its output is not JSON");
  const auto& root = document->root();
  if (base::string_at(root, "kind") != "ExecCredential")
    return wrong("it printed no ExecCredential");
  if (base::string_at(root, "apiVersion") != api_version) {
    return wrong(fmt::format("it answered in another apiVersion than {}", api_version));
  }
  ExecCredential credential;
  credential.token = base::SecretBytes(base::string_at(root, "status.token"));
  credential.cert_pem = base::SecretBytes(base::string_at(root, "status.clientCertificateData"));
  credential.key_pem = base::SecretBytes(base::string_at(root, "status.clientKeyData"));
  if (credential.cert_pem.empty() != credential.key_pem.empty()) {
    return wrong("it gave a client certificate without key, or a key without certificate");
  }
  if (credential.token.empty() && credential.cert_pem.empty()) {
    return wrong("it gave neither a token nor a client certificate");
  }
  const std::string_view expiry = base::string_at(root, "status.expirationTimestamp");
  if (!expiry.empty()) {
    credential.expiry = base::parse_rfc3339(expiry);
    if (!credential.expiry) return wrong("its expirationTimestamp is not a time");
  }
  return credential;
}

}  // namespace edsm::kube
