#include "cloud/aws/endpoints.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/aws/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

struct ServiceName {
  std::string_view host;      ///< first label of its host, and its name in signatures
  std::string_view variable;  ///< ending of AWS_ENDPOINT_URL_…
  std::string_view key;       ///< of a [services] section
};
constexpr std::array<ServiceName, 5> names = {{
    {"sqs", "SQS", "sqs"},
    {"secretsmanager", "SECRETS_MANAGER", "secrets_manager"},
    {"sts", "STS", "sts"},
    {"events", "EVENTBRIDGE", "eventbridge"},
    {"cloudtrail", "CLOUDTRAIL", "cloudtrail"},
}};
const ServiceName& name_of(Service service) {
  return names[static_cast<std::size_t>(service)];
}

// Region prefix -> partition. Source: botocore's endpoint-rule-set-1.json.
struct PrefixedPartition {
  std::string_view prefix;
  Partition partition;
};
constexpr std::array<PrefixedPartition, 8> partitions = {{
    {"cn-", {"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"}},
    {"us-gov-", {"aws-us-gov", "amazonaws.com", "api.aws"}},
    {"us-isob-", {"aws-iso-b", "sc2s.sgov.gov", ""}},
    {"us-isof-", {"aws-iso-f", "csp.hci.ic.gov", ""}},
    {"us-iso-", {"aws-iso", "c2s.ic.gov", ""}},
    {"eu-isoe-", {"aws-iso-e", "cloud.adc-e.uk", ""}},
    {"eusc-", {"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"}},
    {"", {"aws", "amazonaws.com", "api.aws"}},
}};

base::Result<bool> flag(const Getenv& env, std::string_view variable, const SharedConfig& config,
                        std::string_view key) {
  const std::string text = lookup(env, variable).value_or(std::string(config.value(key)));
  if (text.empty()) return false;
  const auto value = parse_bool(text);
  if (value) return *value;
  return base::fail(Failure::invalid, "InvalidEndpointSettings",
                    fmt::format("{} (or {} of the profile) must be true or false", variable, key));
}

/// An origin and perhaps a path prefix, without a trailing slash.
base::Result<std::string> checked_url(std::string_view text, std::string_view origin) {
  const auto url = net::Url::parse(text);
  if (!url || !url->query.empty()) {
    return base::fail(Failure::invalid, "InvalidEndpointSettings",
                      fmt::format("{} is no URL of the form http(s)://host:port", origin));
  }
  std::string result = url->str();
  while (result.ends_with('/')) result.pop_back();
  return result;
}

struct Found {
  std::string text;
  std::string origin;
};

Found in_environment(const Getenv& env, const ServiceName& service) {
  const std::string specific = fmt::format("AWS_ENDPOINT_URL_{}", service.variable);
  if (auto text = lookup(env, specific)) return {std::move(*text), specific};
  if (auto text = lookup(env, "AWS_ENDPOINT_URL")) return {std::move(*text), "AWS_ENDPOINT_URL"};
  return {};
}

Found in_files(const SharedConfig& config, const ServiceName& service) {
  const auto section = config.services.find(config.value("services"));
  if (section != config.services.end()) {
    const auto found = section->second.find(fmt::format("{}.endpoint_url", service.key));
    if (found != section->second.end()) {
      return {found->second, fmt::format("endpoint_url of [services {}]", section->first)};
    }
  }
  return {std::string(config.value("endpoint_url")), "endpoint_url of the profile"};
}

base::Result<std::string> custom_endpoint(const Getenv& env, const SharedConfig& config,
                                          bool ignore_sdk, const ServiceName& service) {
  Found found = ignore_sdk ? Found() : in_environment(env, service);
  const std::string ours = lookup(env, "AWS_ENDPOINT").value_or("");
  if (!ours.empty() && found.origin == "AWS_ENDPOINT_URL" && found.text != ours) {
    return base::fail(Failure::invalid, "ConflictingEndpoints",
                      "AWS_ENDPOINT and AWS_ENDPOINT_URL name different URLs; unset one of them");
  }
  if (found.text.empty() && !ours.empty()) found = {ours, "AWS_ENDPOINT"};
  if (found.text.empty() && !ignore_sdk) found = in_files(config, service);
  if (found.text.empty()) return std::string();
  return checked_url(found.text, found.origin);
}

}  // namespace

std::string_view to_string(Service service) {
  return name_of(service).host;
}

base::Result<EndpointSettings> load_endpoint_settings(const Getenv& env,
                                                      const SharedConfig& config) {
  EndpointSettings settings;
  const auto fips = flag(env, "AWS_USE_FIPS_ENDPOINT", config, "use_fips_endpoint");
  if (!fips) return std::unexpected(fips.error());
  const auto dual_stack = flag(env, "AWS_USE_DUALSTACK_ENDPOINT", config, "use_dualstack_endpoint");
  if (!dual_stack) return std::unexpected(dual_stack.error());
  const auto ignore =
      flag(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", config, "ignore_configured_endpoint_urls");
  if (!ignore) return std::unexpected(ignore.error());
  settings.fips = *fips;
  settings.dual_stack = *dual_stack;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto url = custom_endpoint(env, config, *ignore, names[i]);
    if (!url) return std::unexpected(std::move(url.error()));
    settings.custom[i] = std::move(*url);
    if (settings.custom[i].empty() || (!settings.fips && !settings.dual_stack)) continue;
    return base::fail(Failure::invalid, "ConflictingEndpoints",
                      fmt::format("{} has an endpoint of its own, and AWS_USE_FIPS_ENDPOINT or "
                                  "AWS_USE_DUALSTACK_ENDPOINT asks for AWS's; unset one of them",
                                  names[i].host));
  }
  return settings;
}

const Partition& partition_of(std::string_view region) {
  const auto found = std::ranges::find_if(partitions, [region](const PrefixedPartition& each) {
    return region.starts_with(each.prefix);
  });
  return found->partition;
}

bool valid_region(std::string_view region) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return !region.empty() && region.size() <= 32 && std::ranges::all_of(region, allowed) &&
         !region.starts_with('-') && !region.ends_with('-');
}

base::Result<std::string> endpoint_url(Service service, std::string_view region,
                                       const EndpointSettings& settings) {
  if (!valid_region(region)) {
    return base::fail(
        Failure::invalid, "InvalidRegion",
        fmt::format("\"{}\" is no AWS region; expected something like \"eu-west-1\"", region));
  }
  const auto& custom = settings.custom[static_cast<std::size_t>(service)];
  if (!custom.empty()) return custom;
  const Partition& partition = partition_of(region);
  const bool gov = partition.name == "aws-us-gov";
  std::string host(name_of(service).host);
  // In GovCloud the plain hosts of the others are FIPS hosts.
  const bool plain_is_fips = gov && service != Service::secretsmanager;
  if (settings.fips && !(plain_is_fips && !settings.dual_stack)) host += "-fips";
  // Secrets Manager's plain host is dual stack where AWS's oldest partitions are.
  const bool plain_is_dual = service == Service::secretsmanager &&
                             (partition.name == "aws" || partition.name == "aws-cn" || gov);
  const bool dual_suffix = settings.dual_stack && !plain_is_dual;
  if (dual_suffix && partition.dual_stack_suffix.empty()) {
    return base::fail(Failure::invalid, "UnsupportedEndpoint",
                      fmt::format("the partition of {} has no dual-stack endpoints; unset "
                                  "AWS_USE_DUALSTACK_ENDPOINT",
                                  region));
  }
  return fmt::format("https://{}.{}.{}", host, region,
                     dual_suffix ? partition.dual_stack_suffix : partition.dns_suffix);
}

}  // namespace edsm::cloud::aws
