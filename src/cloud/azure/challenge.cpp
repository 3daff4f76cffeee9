#include "cloud/azure/challenge.hpp"

#include <map>
#include <optional>

#include <fmt/format.h>

#include "base/planted.hpp"
#include "cloud/azure/names.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using Parameters = std::map<std::string, std::string, std::less<>>;

constexpr std::size_t max_header = 4096;
constexpr std::string_view scheme = "Bearer";
constexpr std::string_view scope_end = "/.default";

std::unexpected<base::Error> invalid(std::string_view why) {
  return base::fail(Failure::credentials, "InvalidChallenge",
                    fmt::format("the vault answers 401 with a challenge that {}", why));
}
std::unexpected<base::Error> untrusted(std::string_view why) {
  return base::fail(Failure::credentials, "UntrustedChallenge",
                    fmt::format("the vault asks for a token {}; none is sent", why));
}

/// The value behind "=", quoted or not; takes it, and the comma after it, from `rest`.
std::string take_value(std::string_view& rest) {
  const bool quoted = rest.starts_with('"');
  if (quoted) rest.remove_prefix(1);
  const auto end = quoted ? rest.find('"') : rest.find(',');
  std::string value(quoted ? rest.substr(0, end) : trim(rest.substr(0, end)));
  const auto comma = rest.find(',', std::min(end, rest.size()));
  rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  return value;
}

std::optional<Parameters> parameters_of(std::string_view header) {
  header = trim(header);
  if (header.size() > max_header || header.size() <= scheme.size() ||
      !same_ignoring_case(header.substr(0, scheme.size()), scheme) || header[scheme.size()] != ' ')
    return std::nullopt;
  auto rest = header.substr(scheme.size());
  Parameters found;
  while (!trim(rest).empty()) {
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    auto name = lower(trim(rest.substr(0, equals)));
    rest = rest.substr(equals + 1);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    found.emplace(std::move(name), take_value(rest));
  }
  return found;
}

std::string first_of(const Parameters& parameters, std::string_view one, std::string_view other) {
  auto found = parameters.find(one);
  if (found == parameters.end()) found = parameters.find(other);
  return found == parameters.end() ? std::string() : found->second;
}

std::optional<net::Url> https(std::string_view text) {
  auto url = net::Url::parse(text);
  if (!url || url->scheme != "https" || url->port != 443 || !url->query.empty())
    return std::nullopt;
  return url;
}

/// Who asks for a token must be one whom it is for.
bool is_below(std::string_view host, std::string_view resource) {
  return host.size() > resource.size() && host.ends_with(resource) &&
         host[host.size() - resource.size() - 1] == '.';
}

}  // namespace

base::Result<Challenge> read_challenge(std::string_view header, std::string_view host,
                                       const Hosts& hosts) {
  const auto parameters = parameters_of(header);
  if (!parameters) return invalid("is none of scheme Bearer");
  auto scope = first_of(*parameters, "scope", "resource");
  if (scope.ends_with(scope_end)) scope.resize(scope.size() - scope_end.size());
  const auto resource = https(scope);
  const auto authority = https(first_of(*parameters, "authorization", "authorization_uri"));
  if (!resource || resource->path != "/" || !authority)
    return invalid("names no resource and authority");
  if (!is_below(host, resource->host) && !base::planted(base::Bug::trust_any_challenge))
    return untrusted("for another service than " + std::string(hosts.vaults));
  if (authority->host != hosts.login) {
    return untrusted(fmt::format("from another authority than {}: check AZURE_CLOUD ({})",
                                 hosts.login, hosts.name));
  }
  const auto tenant = split(std::string_view(authority->path).substr(1), '/').front();
  if (!valid_tenant(tenant)) return invalid("names no tenant");
  return Challenge{std::string(tenant), resource->origin().append(scope_end)};
}

}  // namespace edsm::cloud::azure
