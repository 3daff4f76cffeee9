#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

constexpr std::array<std::string_view, 10> aws_suffixes = {".amazonaws.com",
                                                           ".amazonaws.com.cn",
                                                           ".amazonaws.eu",
                                                           ".api.aws",
                                                           ".api.amazonwebservices.com.cn",
                                                           ".api.amazonwebservices.eu",
                                                           ".c2s.ic.gov",
                                                           ".sc2s.sgov.gov",
                                                           ".cloud.adc-e.uk",
                                                           ".csp.hci.ic.gov"};
constexpr std::size_t max_quoted = 200;
constexpr std::string_view emulator_suffix = ".localhost.localstack.cloud";

/// The labels of the host before the suffix; nullopt if it has another one.
std::optional<std::string_view> without_suffix(std::string_view host, std::string_view suffix) {
  if (!host.ends_with(suffix)) return std::nullopt;
  return host.substr(0, host.size() - suffix.size());
}

/// "sqs.eu-west-1", "sqs-fips.us-east-1", "eu-west-1.queue", "queue", "vpce-1-2.sqs.eu-west-1.vpce"
std::optional<std::string> region_of(std::string_view labels) {
  if (labels == "queue") return "us-east-1";
  auto parts = split(labels, '.');
  if (parts.size() == 4 && parts[0].starts_with("vpce-") && parts[3] == "vpce")
    parts = {parts[1], parts[2]};
  if (parts.size() != 2) return std::nullopt;
  const bool modern = parts[0] == "sqs" || parts[0] == "sqs-fips";
  const bool legacy = parts[1] == "queue";
  if (modern == legacy) return std::nullopt;
  const std::string_view region = modern ? parts[1] : parts[0];
  if (!valid_region(region)) return std::nullopt;
  return std::string(region);
}

bool valid_queue_name(std::string_view name) {
  std::string_view stem = name;
  if (stem.ends_with(".fifo")) stem.remove_suffix(5);
  return !stem.empty() && name.size() <= 80 &&
         std::ranges::all_of(stem, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
}

}  // namespace

base::Result<QueueUrl> parse_queue_url(std::string_view text) {
  const auto malformed = [text] {
    return base::fail(base::Failure::invalid, "InvalidQueueUrl",
                      fmt::format("SQS_QUEUE_URL: \"{}\" is no queue URL; expected "
                                  "https://sqs.<region>.amazonaws.com/<account>/<name>",
                                  text.substr(0, max_quoted)));
  };
  const auto url = net::Url::parse(text);
  if (!url || !url->query.empty()) return malformed();
  auto path = split(std::string_view(url->path).substr(1), '/');
  QueueUrl queue;
  queue.url = text;
  // An emulator's form: /queue/<region>/<account>/<name>
  if (path.size() == 4 && path[0] == "queue" && valid_region(path[1])) {
    queue.region = path[1];
    path = {path[2], path[3]};
  }
  if (path.size() != 2 || !is_digits(path[0]) || !valid_queue_name(path[1])) return malformed();
  queue.account = path[0];
  queue.name = path[1];

  for (const std::string_view suffix : aws_suffixes) {
    const auto labels = without_suffix(url->host, suffix);
    const auto region = labels ? region_of(*labels) : std::nullopt;
    if (!region) continue;
    queue.region = *region;
    queue.aws_host = true;
  }
  const auto labels = without_suffix(url->host, emulator_suffix);
  if (labels && queue.region.empty()) queue.region = region_of(*labels).value_or("");
  return queue;
}

}  // namespace edsm::cloud::aws
