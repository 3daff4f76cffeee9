#include "cloud/gcp/auth/aws_subject.hpp"

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/instance_credentials.hpp"
#include "cloud/aws/sigv4.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

using base::Failure;
using base::Result;
using base::SecretBytes;

constexpr std::string_view audience_header = "x-goog-cloud-target-resource";

aws::InstanceCredentials instance(const AwsSubject& source, net::Http& metadata) {
  return {aws::InstanceSource{source.metadata, std::chrono::seconds(2), 2}, metadata};
}

base::Task<Result<aws::Credentials>> get_keys(const AwsSubject& source, net::Http& metadata) {
  if (source.access_key_id.empty()) {
    auto ec2 = instance(source, metadata);
    auto keys = co_await ec2.get();
    co_return keys;
  }
  aws::Credentials keys;
  keys.access_key_id = source.access_key_id;
  keys.secret_access_key = source.secret_access_key.clone();
  keys.session_token = source.session_token.clone();
  co_return keys;
}

base::Task<Result<std::string>> get_region(const AwsSubject& source, net::Http& metadata) {
  if (source.region.empty()) {
    auto ec2 = instance(source, metadata);
    auto region = co_await ec2.region();
    co_return region;
  }
  if (aws::valid_region(source.region)) co_return source.region;
  co_return base::fail(Failure::invalid, "InvalidRegion",
                       "AWS_REGION (or AWS_DEFAULT_REGION) is no AWS region");
}

/// Spelt as Google's libraries spell them: Authorization, and the rest in lower case.
void add_header(base::JsonWriter& json, std::string_view name, std::string_view value) {
  const std::string key = name == "Authorization" ? std::string(name) : lower(name);
  json.begin_object().member("key", key).member("value", value).end_object();
}

SecretBytes encode(std::string_view text) {
  SecretBytes encoded;
  // Chunks keep a token from lying around in one unwiped piece of its full length.
  constexpr std::size_t chunk = 8;
  for (std::size_t at = 0; at < text.size(); at += chunk) {
    encoded.append(net::percent_encode(text.substr(at, chunk)));
  }
  return encoded;
}

Result<SecretBytes> sign(std::string url_text, const std::string& region,
                         const std::string& audience, const aws::Credentials& keys,
                         base::WallTime now) {
  static constexpr std::string_view variable = "{region}";
  if (const auto at = url_text.find(variable); at != std::string::npos) {
    url_text.replace(at, variable.size(), region);
  }
  const auto url = net::Url::parse(url_text);
  if (!url) {
    return base::fail(Failure::invalid, "InvalidCredentialFile",
                      "credential_source.regional_cred_verification_url is no URL");
  }
  net::Headers headers;
  headers.add(audience_header, audience);
  aws::Signer signer({region, "sts"});
  const auto added = signer.sign({net::Method::post, *url, headers, {}}, keys, now);

  base::JsonWriter json;
  json.begin_object().key("headers").begin_array();
  for (const auto& [name, value] : added) add_header(json, name, value);
  add_header(json, "host", url->authority());
  add_header(json, audience_header, audience);
  json.end_array().member("method", "POST").member("url", url_text).end_object();
  return encode(json.bytes().view());
}

}  // namespace

base::Task<Result<SecretBytes>> sign_caller_identity(const AwsSubject& source,
                                                     const std::string& audience,
                                                     net::Http& metadata, base::Clock& clock) {
  static constexpr std::string_view context = "the AWS identity that Google is to trust";
  auto region = co_await get_region(source, metadata);
  if (!region) co_return base::fail(std::move(region.error()), context);
  auto keys = co_await get_keys(source, metadata);
  if (!keys) co_return base::fail(std::move(keys.error()), context);
  co_return sign(source.verification_url, *region, audience, *keys, clock.wall());
}

}  // namespace edsm::cloud::gcp::auth
