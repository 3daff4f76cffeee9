#include "cloud/azure/queue.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cloud/azure/connection_string.hpp"
#include "cloud/loopback.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

/// Each has a long poll, and so a connection, of its own.
constexpr std::size_t max_queues = 50;
constexpr std::size_t max_quoted = 200;
constexpr std::size_t max_entity = 260;
constexpr std::string_view variable = "AZURE_SERVICEBUS_QUEUE_URL";
constexpr std::string_view alias = "SERVICEBUS_QUEUE_URL";
constexpr std::string_view key_variable = "AZURE_SERVICEBUS_CONNECTION_STRING";
constexpr std::string_view default_audience = "https://servicebus.azure.net";

std::unexpected<base::Error> invalid(std::string_view code, std::string text) {
  return base::fail(Failure::invalid, std::string(code), std::move(text));
}

std::unexpected<base::Error> bad_url(std::string_view text, std::string_view why,
                                     const Hosts& hosts) {
  return invalid("InvalidQueueUrl",
                 fmt::format("{}: \"{}\" {}; expected https://<namespace>.{}/<queue> or "
                             "…/<topic>/subscriptions/<name>",
                             variable, text.substr(0, max_quoted), why, hosts.buses));
}

/// One label before the cloud's suffix.
bool is_namespace(std::string_view host, std::string_view suffix) {
  if (host.size() <= suffix.size() + 1 || !host.ends_with(suffix)) return false;
  host.remove_suffix(suffix.size());
  if (!host.ends_with('.')) return false;
  host.remove_suffix(1);
  return std::ranges::all_of(host, [](char c) { return is_alnum(c) || c == '-'; });
}

/// Names of queues and topics may have slashes; "$" begins what Service Bus keeps for itself.
bool is_entity(std::string_view text) {
  const auto pieces = split(text, '/');
  return text.size() <= max_entity &&
         std::ranges::none_of(pieces,
                              [](std::string_view piece) {
                                return piece.empty() || piece == "." || piece == "..";
                              }) &&
         std::ranges::all_of(
             text, [](char c) { return is_alnum(c) || std::string_view("-_.~/").contains(c); });
}

/// What was most probably meant, of a path that names no entity.
std::string_view path_fault(std::string_view path) {
  if (lower(path).contains("$deadletterqueue")) return "is a dead-letter queue";
  return path.empty() ? "names no queue" : "has what no queue's name can have";
}

base::Result<std::string> load_scope(const Getenv& env) {
  const auto text =
      lookup(env, "AZURE_SERVICEBUS_AUDIENCE").value_or(std::string(default_audience));
  const auto url = net::Url::parse(text);
  if (url && url->scheme == "https" && url->path == "/" && url->query.empty())
    return url->origin() + "/.default";
  return invalid(
      "InvalidAudience",
      fmt::format("AZURE_SERVICEBUS_AUDIENCE is no URL of the form {}", default_audience));
}

base::Result<std::string> urls_text(const Getenv& env) {
  auto text = lookup(env, variable);
  auto other = lookup(env, alias);
  if (text && other && *text != *other) {
    return invalid("ConflictingQueues",
                   fmt::format("{} and {} differ; unset the latter", variable, alias));
  }
  if (!text) text = std::move(other);
  return text.value_or("");
}

/// Gives the queues of the connection string's namespace its key.
base::Result<> load_key(const Getenv& env, const Hosts& hosts, std::vector<Queue>& queues) {
  const auto text = lookup(env, key_variable);
  if (!text) return {};
  auto connection = parse_connection_string(*text);
  if (!connection) return std::unexpected(std::move(connection.error()));
  if (queues.empty() && !connection->entity.empty()) {
    auto queue =
        parse_queue_url(fmt::format("https://{}/{}", connection->host, connection->entity), hosts);
    if (!queue) return std::unexpected(std::move(queue.error()));
    queues.push_back(std::move(*queue));
  }
  bool used = false;
  for (Queue& queue : queues) {
    const bool covers = connection->entity.empty() ||
                        same_ignoring_case(connection->entity, queue.entity) ||
                        lower(queue.entity).starts_with(lower(connection->entity) + "/");
    if (!covers || !same_ignoring_case(connection->host, queue.host)) continue;
    queue.key = connection->key;
    used = true;
  }
  if (used) return {};
  return invalid(
      "UnusedConnectionString",
      fmt::format("{} is for {}{}{}, but {} names no queue there", key_variable, connection->host,
                  connection->entity.empty() ? "" : "/", connection->entity, variable));
}

}  // namespace

std::string Queue::name() const {
  return fmt::format("servicebus/{}/{}", host.substr(0, host.find('.')), entity);
}

base::Result<Queue> parse_queue_url(std::string_view text, const Hosts& hosts) {
  constexpr std::string_view other_scheme = "sb://";
  const auto url = text.starts_with(other_scheme)
                       ? net::Url::parse("https://" + std::string(text.substr(other_scheme.size())))
                       : net::Url::parse(text);
  if (!url || !url->query.empty()) return bad_url(text, "is no URL of a queue", hosts);
  if (!is_loopback(url->host)) {
    for (const std::string_view name :
         {"AzurePublicCloud", "AzureUSGovernment", "AzureChinaCloud"}) {
      const auto& other = *find_cloud(name);
      if (other.name == hosts.name || !is_namespace(url->host, other.buses)) continue;
      return invalid("InvalidQueueUrl",
                     fmt::format("{}: {} is in {}, but the controller is set up for {}; set "
                                 "AZURE_CLOUD={}",
                                 variable, url->host, other.name, hosts.name, other.name));
    }
    if (!is_namespace(url->host, hosts.buses) || url->port != 443)
      return bad_url(text, "is of no namespace of Service Bus", hosts);
    if (url->scheme != "https") return bad_url(text, "is not https", hosts);
  }
  std::string_view path = std::string_view(url->path).substr(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_entity(path)) return bad_url(text, path_fault(path), hosts);
  return Queue{url->origin(), url->host, std::string(path),
               std::string(default_audience) + "/.default"};
}

base::Result<std::vector<Queue>> load_queues(const Getenv& env, const Hosts& hosts) {
  const auto text = urls_text(env);
  if (!text) return std::unexpected(text.error());
  const auto scope = load_scope(env);
  if (!scope) return std::unexpected(scope.error());
  std::vector<Queue> queues;
  for (const std::string_view piece : split(*text, ',')) {
    if (trim(piece).empty()) continue;
    auto queue = parse_queue_url(trim(piece), hosts);
    if (!queue) return std::unexpected(std::move(queue.error()));
    queues.push_back(std::move(*queue));
  }
  if (queues.size() > max_queues) {
    return invalid("TooManyQueues",
                   fmt::format("{} names {} queues, at most {} are possible; let the events of "
                               "several vaults go to one queue",
                               variable, queues.size(), max_queues));
  }
  if (auto loaded = load_key(env, hosts, queues); !loaded)
    return std::unexpected(std::move(loaded.error()));
  for (Queue& queue : queues) queue.scope = *scope;
  return queues;
}

}  // namespace edsm::cloud::azure
