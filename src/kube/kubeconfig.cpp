#include "kube/kubeconfig.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <yaml-cpp/node/impl.h>
#include <yaml-cpp/node/iterator.h>

#include "base/crypto.hpp"
#include "kube/exec_credential.hpp"
#include "kube/files.hpp"
#include "kube/yaml.hpp"
#include "net/url.hpp"

namespace edsm::kube {
namespace {

using base::Failure;
using base::Result;

struct File {
  std::string path;
  YAML::Node root;
};

/// An entry of clusters, users or contexts, and the folder that its paths are relative to.
struct Entry {
  YAML::Node body;
  std::string folder;
};

std::unexpected<base::Error> invalid(std::string text) {
  return base::fail(Failure::invalid, "InvalidKubeconfig", std::move(text));
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string absolute(const std::string& folder, const std::string& path) {
  if (path.empty() || path.starts_with('/')) return path;
  return folder + "/" + path;
}

/// The lists of a file are maps by name in truth: a name may be there once.
Result<> check_lists(const File& file) {
  const YamlFields root(file.root, file.path);
  if (!root.error().empty()) return invalid(root.error());
  for (const std::string_view list : {"clusters", "users", "contexts"}) {
    const YAML::Node entries = root.child(list);
    if (!entries.IsDefined() || entries.IsNull()) continue;
    if (!entries.IsSequence()) return invalid(fmt::format("{}: {} is not a list", file.path, list));
    std::vector<std::string> names;
    for (const auto& entry : entries) {
      YamlFields fields(entry, fmt::format("{}: an entry of {}", file.path, list));
      names.push_back(fields.text("name"));
      if (!fields.error().empty()) return invalid(fields.error());
    }
    std::ranges::sort(names);
    const auto twice = std::ranges::adjacent_find(names);
    if (twice != names.end()) {
      return invalid(fmt::format("{}: {} has two entries named \"{}\"", file.path, list, *twice));
    }
  }
  return {};
}

class Merged {
 public:
  explicit Merged(std::vector<File> files) : files_(std::move(files)) {}

  std::string current_context() const {
    for (const File& file : files_) {
      const std::string name = YamlFields(file.root, file.path).text("current-context");
      if (!name.empty()) return name;
    }
    return {};
  }

  /// `body` is the member's name in its list: "cluster" in "clusters".
  std::optional<Entry> find(const std::string& body, const std::string& name) const {
    for (const File& file : files_) {
      for (const auto& entry : YamlFields(file.root, file.path).child(body + "s")) {
        YamlFields fields(entry, file.path);
        if (fields.text("name") != name) continue;
        const YAML::Node content = fields.has(body) ? fields.child(body) : YAML::Node();
        return Entry{content, folder_of(file.path)};
      }
    }
    return std::nullopt;
  }

  std::string context_names() const {
    std::vector<std::string> names;
    for (const File& file : files_) {
      for (const auto& entry : YamlFields(file.root, file.path).child("contexts")) {
        names.push_back(YamlFields(entry, file.path).text("name"));
      }
    }
    return fmt::format("{}", fmt::join(names, ", "));
  }

  std::string paths() const {
    std::vector<std::string> paths;
    paths.reserve(files_.size());
    for (const File& file : files_) paths.push_back(file.path);
    return fmt::format("{}", fmt::join(paths, ":"));
  }

 private:
  std::vector<File> files_;
};

/// "<key>-data" (base64) or the file named by "<key>"; `file` gets the latter's path.
Result<base::SecretBytes> read_pem(YamlFields& fields, const std::string& folder,
                                   const std::string& key, std::string& file) {
  std::string data = fields.text(key + "-data");
  if (!data.empty()) {
    std::erase_if(data, [](char c) { return c == '\n' || c == '\r' || c == ' '; });
    auto pem = base::base64_decode(data);
    if (!pem) return invalid(fmt::format("{}: {}-data is not base64", fields.where(), key));
    return std::move(*pem);
  }
  file = absolute(folder, fields.text(key));
  if (file.empty()) return base::SecretBytes();
  auto pem = read_file(file);
  if (!pem) return base::fail(std::move(pem.error()), fmt::format("{}: {}", fields.where(), key));
  return pem;
}

Result<> read_cluster(const Entry& entry, const std::string& name, Config& config) {
  YamlFields fields(entry.body, fmt::format("cluster \"{}\"", name));
  config.server = fields.text("server");
  const auto url = net::Url::parse(config.server);
  if (!url || !url->query.empty()) {
    return invalid(fields.where() + ": server is not an http(s) address like https://host:6443");
  }
  while (config.server.ends_with('/')) config.server.pop_back();
  config.transport.tls_server_name = fields.text("tls-server-name");
  config.transport.insecure_skip_verify = fields.flag("insecure-skip-tls-verify");
  const auto ca = read_pem(fields, entry.folder, "certificate-authority", config.ca_file);
  if (!ca) return std::unexpected(ca.error());
  config.transport.ca_pem = ca->view();
  if (config.transport.insecure_skip_verify && !ca->empty()) {
    return invalid(fields.where() +
                   ": insecure-skip-tls-verify and certificate-authority contradict each other");
  }
  const std::string proxy = fields.text("proxy-url");
  if (!proxy.empty()) {
    const auto is = [&](std::string_view scheme) { return proxy.starts_with(scheme); };
    if (!is("http://") && !is("https://") && !is("socks5://")) {
      return invalid(fields.where() + ": proxy-url must begin with http://, https:// or socks5://");
    }
    config.transport.proxy = proxy;
  }
  if (!fields.error().empty()) return invalid(fields.error());
  return {};
}

Result<ExecPlugin> read_exec(const YAML::Node& node, const std::string& folder,
                             const std::string& user) {
  YamlFields fields(node, fmt::format("user \"{}\": exec", user));
  ExecPlugin exec;
  exec.api_version = fields.text("apiVersion");
  exec.command = fields.text("command");
  if (exec.command.contains('/')) exec.command = absolute(folder, exec.command);
  exec.args = fields.texts("args");
  exec.interactive_mode = fields.text("interactiveMode");
  exec.install_hint = fields.text("installHint");
  exec.provide_cluster_info = fields.flag("provideClusterInfo");
  const YAML::Node env = fields.child("env");
  if (env.IsDefined() && env.IsSequence()) {
    for (const auto& item : env) {
      YamlFields variable(item, fields.where() + ".env");
      exec.env.emplace_back(variable.text("name"), variable.text("value"));
      if (!variable.error().empty()) return invalid(variable.error());
    }
  }
  if (!fields.error().empty()) return invalid(fields.error());
  const std::string problem = check_exec_plugin(exec);
  if (!problem.empty()) return invalid(fields.where() + ": " + problem);
  return exec;
}

Result<> read_client_certificate(YamlFields& fields, const std::string& folder, Config& config) {
  auto cert = read_pem(fields, folder, "client-certificate", config.client_cert_file);
  if (!cert) return std::unexpected(cert.error());
  auto key = read_pem(fields, folder, "client-key", config.client_key_file);
  if (!key) return std::unexpected(key.error());
  if (cert->empty() != key->empty()) {
    return invalid(fields.where() + ": client-certificate and client-key need each other");
  }
  config.transport.client_cert_pem = std::move(*cert);
  config.transport.client_key_pem = std::move(*key);
  return {};
}

Result<> read_impersonation(YamlFields& fields, Config& config) {
  config.impersonate_user = fields.text("as");
  config.impersonate_uid = fields.text("as-uid");
  config.impersonate_groups = fields.texts("as-groups");
  if (fields.has("as-user-extra")) {
    return invalid(fields.where() + ": as-user-extra is not supported; remove it");
  }
  const bool details = !config.impersonate_uid.empty() || !config.impersonate_groups.empty();
  if (config.impersonate_user.empty() && details) {
    return invalid(fields.where() + ": as-uid and as-groups need \"as\"");
  }
  return {};
}

Result<> read_user(const Entry& entry, const std::string& name, Config& config) {
  YamlFields fields(entry.body, fmt::format("user \"{}\"", name));
  if (fields.has("auth-provider")) {
    return invalid(fields.where() +
                   ": auth-provider was removed from Kubernetes in 1.26; use an exec plugin "
                   "(gke-gcloud-auth-plugin, kubelogin)");
  }
  const auto certificate = read_client_certificate(fields, entry.folder, config);
  if (!certificate) return certificate;
  config.token = base::SecretBytes(fields.text("token"));
  config.token_file = absolute(entry.folder, fields.text("tokenFile"));
  config.username = fields.text("username");
  config.password = base::SecretBytes(fields.text("password"));
  const bool token = !config.token.empty() || !config.token_file.empty();
  if (token && !config.username.empty()) {
    return invalid(fields.where() + ": token and username are two ways to log in; keep one");
  }
  const auto impersonation = read_impersonation(fields, config);
  if (!impersonation) return impersonation;
  if (fields.has("exec")) {
    auto exec = read_exec(fields.child("exec"), entry.folder, name);
    if (!exec) return std::unexpected(std::move(exec.error()));
    // As kubectl: whatever else identifies the user makes the plugin superfluous.
    const bool known =
        token || !config.username.empty() || !config.transport.client_cert_pem.empty();
    if (!known) config.exec = std::move(*exec);
  }
  if (!fields.error().empty()) return invalid(fields.error());
  return {};
}

/// What a plugin may be told about the cluster (clientauthentication/v1 Cluster).
std::string cluster_info(const Entry& entry, const Config& config) {
  const YamlFields fields(entry.body, "cluster");
  base::JsonWriter json;
  json.begin_object().member("server", config.server);
  if (!config.transport.tls_server_name.empty()) {
    json.member("tls-server-name", config.transport.tls_server_name);
  }
  if (config.transport.insecure_skip_verify) json.key("insecure-skip-tls-verify").boolean(true);
  if (!config.transport.ca_pem.empty()) {
    json.key("certificate-authority-data").base64(config.transport.ca_pem);
  }
  if (config.transport.proxy) json.member("proxy-url", *config.transport.proxy);
  const YAML::Node extensions = fields.child("extensions");
  if (extensions.IsDefined() && extensions.IsSequence()) {
    for (const auto& item : extensions) {
      YamlFields extension(item, "extension");
      if (extension.text("name") != "client.authentication.k8s.io/exec") continue;
      json.key("config");
      yaml_to_json(extension.child("extension"), json);
    }
  }
  json.end_object();
  return std::string(json.bytes().view());
}

Result<Config> resolve(const Merged& merged, std::string_view wanted) {
  const std::string name = wanted.empty() ? merged.current_context() : std::string(wanted);
  if (name.empty()) {
    return invalid(fmt::format("{}: no current-context; choose one of: {}", merged.paths(),
                               merged.context_names()));
  }
  const auto context = merged.find("context", name);
  if (!context) {
    return invalid(fmt::format("{}: no context \"{}\"; there are: {}", merged.paths(), name,
                               merged.context_names()));
  }
  YamlFields fields(context->body, fmt::format("context \"{}\"", name));
  const std::string cluster_name = fields.text("cluster");
  const std::string user_name = fields.text("user");
  Config config;
  config.source = fmt::format("{}, context {}", merged.paths(), name);
  const std::string ns = fields.text("namespace");
  if (!ns.empty()) config.ns = ns;
  if (!fields.error().empty()) return invalid(fields.error());

  const auto cluster = merged.find("cluster", cluster_name);
  if (!cluster) return invalid(fmt::format("{}: no cluster \"{}\"", fields.where(), cluster_name));
  const auto reached = read_cluster(*cluster, cluster_name, config);
  if (!reached) return std::unexpected(reached.error());
  if (!user_name.empty()) {
    const auto user = merged.find("user", user_name);
    if (!user) return invalid(fmt::format("{}: no user \"{}\"", fields.where(), user_name));
    const auto known = read_user(*user, user_name, config);
    if (!known) return std::unexpected(known.error());
  }
  if (config.exec && config.exec->provide_cluster_info) {
    config.exec->cluster_info = cluster_info(*cluster, config);
  }
  return config;
}

}  // namespace

base::Result<Config> read_kubeconfig(const std::vector<std::string>& paths,
                                     std::string_view context) {
  std::vector<File> files;
  for (const std::string& path : paths) {
    const auto text = read_file(path);
    if (!text) return base::fail(text.error(), "kubeconfig");
    auto root = load_yaml(text->view(), path);
    if (!root) return std::unexpected(std::move(root.error()));
    File file{path, *root};
    const auto lists = check_lists(file);
    if (!lists) return std::unexpected(lists.error());
    files.push_back(std::move(file));
  }
  try {
    return resolve(Merged(std::move(files)), context);
  } catch (const YAML::Exception& error) {
    return invalid(fmt::format("line {}: {}", error.mark.line + 1, error.msg));
  }
}

}  // namespace edsm::kube
