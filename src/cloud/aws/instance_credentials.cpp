#include "cloud/aws/instance_credentials.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/errors.hpp"
#include "cloud/aws/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

constexpr std::string_view roles_path = "/latest/meta-data/iam/security-credentials/";
constexpr std::string_view no_service =
    "EC2 instance metadata is the last source of AWS credentials, and it did not answer. Bind the "
    "service "
    "account to a role (IRSA or EKS Pod Identity), or allow a metadata hop limit of 2 for pods";

/// As IAM allows them.
bool valid_role(std::string_view name) {
  return name.size() <= 64 && std::ranges::all_of(name, [](char c) {
           return is_alnum(c) || std::string_view("+=,.@_-").contains(c);
         });
}

}  // namespace

base::Task<base::Result<net::Response>> InstanceCredentials::send(net::Method method,
                                                                  std::string path,
                                                                  base::SecretBytes token) {
  base::Result<net::Response> answer =
      base::fail(Failure::transient, "InstanceMetadata", "no attempt was made");
  for (int attempt = 0; attempt < source_.attempts; ++attempt) {
    net::Request request(method, source_.endpoint + path);
    request.timeout = source_.timeout;
    request.max_body = std::size_t{64} << 10U;
    if (method == net::Method::put)
      request.headers.add("X-aws-ec2-metadata-token-ttl-seconds", "21600");
    if (!token.empty()) request.headers.add("X-aws-ec2-metadata-token", token.view());
    answer = co_await http_.send(std::move(request));
    if (answer && answer->status < 500) break;
  }
  if (!answer)
    co_return base::fail(Failure::credentials, answer.error().code, std::string(no_service));
  if (answer->status != 200) {
    co_return base::fail(Failure::credentials, "InstanceMetadata",
                         fmt::format("EC2 instance metadata answered HTTP {} to {} {}",
                                     answer->status, net::to_string(method), path));
  }
  co_return answer;
}

base::Task<base::Result<base::SecretBytes>> InstanceCredentials::session() {
  auto answer = co_await send(net::Method::put, "/latest/api/token", base::SecretBytes());
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  base::SecretBytes token(trim(answer->body.view()));
  if (token.empty() || token.view().find_first_of("\r\n") != std::string_view::npos) {
    co_return base::fail(Failure::credentials, "InstanceMetadata",
                         "EC2 instance metadata gave no session token");
  }
  co_return token;
}

base::Task<base::Result<std::string>> InstanceCredentials::region() {
  auto token = co_await session();
  if (!token) co_return std::unexpected(std::move(token.error()));
  auto answer =
      co_await send(net::Method::get, "/latest/meta-data/placement/region", std::move(*token));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  std::string region(trim(answer->body.view()));
  if (valid_region(region)) co_return region;
  co_return base::fail(Failure::credentials, "InstanceMetadata",
                       "EC2 instance metadata names a region that cannot be one");
}

base::Task<base::Result<Credentials>> InstanceCredentials::get() {
  const auto token = co_await session();
  if (!token) co_return std::unexpected(token.error());

  auto roles = co_await send(net::Method::get, std::string(roles_path), token->clone());
  if (!roles) co_return std::unexpected(std::move(roles.error()));
  const std::string role(trim(split(trim(roles->body.view()), '\n').front()));
  if (role.empty()) {
    co_return base::fail(Failure::credentials, "NoInstanceRole",
                         "the EC2 instance has no role; attach an instance profile");
  }
  if (!valid_role(role)) {
    co_return base::fail(Failure::credentials, "InstanceMetadata",
                         "EC2 instance metadata names a role that cannot be one");
  }

  std::string path = std::string(roles_path) + net::percent_encode(role);
  auto answer = co_await send(net::Method::get, std::move(path), token->clone());
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const auto document = base::JsonDocument::parse(answer->body.view());
  const auto code = document ? base::string_at(document->root(), "Code") : std::string_view();
  if (!code.empty() && code != "Success") {
    co_return base::fail(
        Failure::credentials, bare_code(code),
        fmt::format("EC2 instance metadata has no credentials for the role {}", role));
  }
  co_return parse_credentials(answer->body.view(), "Token", "EC2 instance metadata");
}

}  // namespace edsm::cloud::aws
