#include "cloud/aws/settings.hpp"

#include <fmt/format.h>

#include "cloud/aws/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

/// Each has a long poll, and so a connection, of its own.
constexpr std::size_t max_queues = 50;

/// Fills the region in and makes sure that there is a host to call.
base::Result<QueueUrl> complete(QueueUrl queue, const Settings& settings) {
  if (queue.region.empty()) queue.region = settings.region;
  if (queue.region.empty()) {
    return base::fail(
        Failure::invalid, "MissingRegion",
        fmt::format("SQS_QUEUE_URL: {} does not tell its region; set AWS_REGION", queue.url));
  }
  const bool has_endpoint =
      !settings.endpoints.custom[static_cast<std::size_t>(Service::sqs)].empty();
  if (!queue.aws_host && !has_endpoint) {
    const auto url = net::Url::parse(queue.url);
    return base::fail(Failure::invalid, "UnknownQueueHost",
                      fmt::format("SQS_QUEUE_URL: {} is none of AWS's hosts; if it is meant, set "
                                  "AWS_ENDPOINT_URL_SQS={}",
                                  url->host, url->origin()));
  }
  auto endpoint = endpoint_url(Service::sqs, queue.region, settings.endpoints);
  if (!endpoint) return std::unexpected(std::move(endpoint.error()));
  queue.endpoint = std::move(*endpoint);
  return queue;
}

/// Roles are assumed by calls to STS, whose region must be known if the controller itself is one.
base::Result<> load_sts(Settings& settings) {
  settings.sts_region = settings.region;
  if (settings.sts_region.empty() && !settings.queues.empty())
    settings.sts_region = settings.queues.front().region;
  const bool needed =
      std::holds_alternative<WebIdentitySource>(settings.credentials) ||
      std::holds_alternative<std::unique_ptr<AssumeRoleSource>>(settings.credentials);
  if (!needed) return {};
  if (settings.sts_region.empty()) {
    return base::fail(Failure::invalid, "MissingRegion",
                      "a role is to be assumed, and the region of STS is unknown; set AWS_REGION");
  }
  auto url = endpoint_url(Service::sts, settings.sts_region, settings.endpoints);
  if (!url) return std::unexpected(std::move(url.error()));
  settings.sts_url = std::move(*url);
  return {};
}

base::Result<> load_queues(const Getenv& env, Settings& settings) {
  const std::string text = lookup(env, "SQS_QUEUE_URL").value_or("");
  for (const std::string_view piece : split(text, ',')) {
    if (trim(piece).empty()) continue;
    auto queue = parse_queue_url(trim(piece));
    if (queue) queue = complete(std::move(*queue), settings);
    if (!queue) return std::unexpected(std::move(queue.error()));
    settings.queues.push_back(std::move(*queue));
  }
  if (settings.queues.size() > max_queues) {
    return base::fail(Failure::invalid, "TooManyQueues",
                      fmt::format("SQS_QUEUE_URL names {} queues, at most {} are possible; let "
                                  "several rules send to one queue",
                                  settings.queues.size(), max_queues));
  }
  return {};
}

base::Result<std::string> load_region(const Getenv& env, const SharedConfig& config) {
  for (const std::string_view variable : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    auto region = lookup(env, variable);
    if (!region) continue;
    if (valid_region(*region)) return std::move(*region);
    return base::fail(
        Failure::invalid, "InvalidRegion",
        fmt::format("{} is \"{}\", which is no AWS region; expected something like \"eu-west-1\"",
                    variable, *region));
  }
  const auto region = config.value("region");
  if (region.empty() || valid_region(region)) return std::string(region);
  return base::fail(Failure::invalid, "InvalidRegion",
                    fmt::format("region of the profile \"{}\" is no AWS region", config.profile));
}

}  // namespace

base::Result<Settings> load_settings(const Getenv& env) {
  return load_settings(env, read_file);
}

base::Result<Settings> load_settings(const Getenv& env, ReadFile read) {
  const auto paths = shared_config_paths(env);
  const auto config = load_shared_config(paths, read);
  if (!config) return std::unexpected(config.error());
  auto region = load_region(env, *config);
  if (!region) return std::unexpected(std::move(region.error()));
  auto endpoints = load_endpoint_settings(env, *config);
  if (!endpoints) return std::unexpected(std::move(endpoints.error()));
  const auto retry = load_retry_settings(env, *config);
  if (!retry) return std::unexpected(retry.error());
  auto credentials = choose_credential_source(env, *config, paths);
  if (!credentials) return std::unexpected(std::move(credentials.error()));

  Settings settings;
  settings.region = std::move(*region);
  settings.endpoints = std::move(*endpoints);
  settings.retry = *retry;
  settings.credentials = std::move(*credentials);
  settings.ca_bundle =
      lookup(env, "AWS_CA_BUNDLE").value_or(std::string(config->value("ca_bundle")));
  settings.read_file = std::move(read);
  if (auto queues = load_queues(env, settings); !queues)
    return std::unexpected(std::move(queues.error()));
  if (auto sts = load_sts(settings); !sts) return std::unexpected(std::move(sts.error()));
  return settings;
}

}  // namespace edsm::cloud::aws
