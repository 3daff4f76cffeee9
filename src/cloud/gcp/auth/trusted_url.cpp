#include "cloud/gcp/auth/trusted_url.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/loopback.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp::auth {
namespace {

constexpr auto metadata_hosts = std::to_array<std::string_view>(
    {"169.254.169.254", "fd00:ec2::254", "metadata.google.internal"});
constexpr auto older_oauth_hosts =
    std::to_array<std::string_view>({"accounts.google.com", "www.googleapis.com"});

std::unexpected<base::Error> untrusted(std::string text) {
  return base::fail(base::Failure::invalid, "UntrustedUrl", std::move(text));
}

base::Result<net::Url> parse(std::string_view url, std::string_view member) {
  auto parsed = net::Url::parse(url);
  if (!parsed) return untrusted(fmt::format("{} is not an http(s) URL", member));
  return std::move(*parsed);
}

/// A host in an error text: foreign, so not at any length.
std::string shown(const net::Url& url) {
  return url.authority().substr(0, 200);
}

bool is_label(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

/// One label between a beginning and an end.
bool between(std::string_view text, std::string_view begin, std::string_view end) {
  return text.size() > begin.size() + end.size() && text.starts_with(begin) &&
         text.ends_with(end) &&
         is_label(text.substr(begin.size(), text.size() - begin.size() - end.size()));
}

bool is_host_of(std::string_view host, std::string_view service, std::string_view universe) {
  const std::string domain = "." + std::string(universe);
  if (!host.ends_with(domain)) return false;
  const auto name = host.substr(0, host.size() - domain.size());
  const std::string s(service);
  // Each form has one free label at most, so that nobody's bucket or site below Google's domain
  // fits.
  return name == s || name == s + ".mtls" || between(name, s + ".", ".rep") ||
         between(name, "", "." + s) || between(name, "", "-" + s) || between(name, s + "-", ".p");
}

}  // namespace

base::Result<> check_token_url(std::string_view url, std::string_view service,
                               std::string_view universe, std::string_view member) {
  const auto parsed = parse(url, member);
  if (!parsed) return std::unexpected(parsed.error());
  if (is_loopback(parsed->host)) return {};
  if (parsed->scheme != "https") {
    return untrusted(fmt::format("{} names {} over plain http; use https", member, shown(*parsed)));
  }
  const bool older = service == oauth_service && universe == default_universe &&
                     one_of(older_oauth_hosts, parsed->host);
  const bool google = parsed->port == 443 && (older || is_host_of(parsed->host, service, universe));
  if (google) return {};
  return untrusted(
      fmt::format("{} names {}, which is no host of Google's {} service; expected https://{}.{}",
                  member, shown(*parsed), service, service, universe));
}

base::Result<> check_subject_url(std::string_view url, std::string_view member) {
  const auto parsed = parse(url, member);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->scheme == "https" || is_direct(url)) return {};
  return untrusted(fmt::format(
      "{} names {} over plain http, which is allowed for this machine and its metadata service "
      "(169.254.169.254) only; use https",
      member, shown(*parsed)));
}

base::Result<> check_ec2_url(std::string_view url, std::string_view member) {
  const auto parsed = parse(url, member);
  if (!parsed) return std::unexpected(parsed.error());
  const bool ec2 = parsed->host == "169.254.169.254" || parsed->host == "fd00:ec2::254";
  if (ec2 || is_loopback(parsed->host)) return {};
  return untrusted(
      fmt::format("{} names {}; expected EC2's instance metadata, http://169.254.169.254 or "
                  "http://[fd00:ec2::254]",
                  member, shown(*parsed)));
}

bool is_direct(std::string_view url) {
  const auto parsed = net::Url::parse(url);
  return parsed && (is_loopback(parsed->host) || one_of(metadata_hosts, parsed->host));
}

}  // namespace edsm::cloud::gcp::auth
