#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "cloud/aws/files.hpp"
#include "cloud/aws/shared_config.hpp"

namespace edsm::cloud::aws {

enum class Service : std::uint8_t { sqs, secretsmanager, sts, events, cloudtrail };
/// The name in signatures, metrics and texts.
std::string_view to_string(Service service);

struct EndpointSettings {
  /// By Service; empty: AWS's own. From AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, AWS_ENDPOINT
  /// (ours: all services) or the profile, in this order.
  std::array<std::string, 5> custom;
  bool fips = false;
  bool dual_stack = false;
};

/// Failure::invalid, naming the variable or profile key and the remedy.
base::Result<EndpointSettings> load_endpoint_settings(const Getenv& env,
                                                      const SharedConfig& config);

/// DNS suffixes of a region's partition. An unknown region is taken for one of "aws".
struct Partition {
  std::string_view name;
  std::string_view dns_suffix;
  std::string_view dual_stack_suffix;
};
const Partition& partition_of(std::string_view region);

/// True for what can be one label of a host name: anything else must never reach a URL.
bool valid_region(std::string_view region);

/// The URL of a service in a region, without a trailing slash.
/// Failure::invalid, code "InvalidRegion" or "UnsupportedEndpoint".
base::Result<std::string> endpoint_url(Service service, std::string_view region,
                                       const EndpointSettings& settings);

/// An SQS queue as its URL names it.
struct QueueUrl {
  std::string url;     ///< as given: the API wants it back so
  std::string region;  ///< empty if the URL does not tell
  std::string account;
  std::string name;
  bool aws_host = false;  ///< one of AWS's own hosts (VPC endpoints included)
  std::string endpoint;   ///< where calls go; load_settings fills it in
};
/// Failure::invalid, code "InvalidQueueUrl".
base::Result<QueueUrl> parse_queue_url(std::string_view text);

}  // namespace edsm::cloud::aws
