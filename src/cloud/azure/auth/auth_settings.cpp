#include "cloud/azure/auth/auth_settings.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "cloud/azure/auth/certificate.hpp"
#include "cloud/oauth/exchange.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
/// nullopt: not configured, look further.
using Found = base::Result<std::optional<AuthSettings>>;

constexpr std::string_view secret_variable = "AZURE_CLIENT_SECRET";
constexpr std::string_view certificate_variable = "AZURE_CLIENT_CERTIFICATE_PATH";
constexpr std::string_view federated_variable = "AZURE_FEDERATED_TOKEN_FILE";
constexpr std::string_view imds_origin = "http://169.254.169.254";
constexpr std::string_view annotation =
    "annotate the ServiceAccount with azure.workload.identity/client-id (and tenant-id) and "
    "restart "
    "the pod";

std::unexpected<base::Error> invalid(std::string text) {
  return base::fail(Failure::invalid, "InvalidAzureSettings", std::move(text));
}

/// Can stand in a URL's path as it is.
bool is_tenant(std::string_view text) {
  return !text.empty() && text.size() <= 255 && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

/// Secrets go there, so it is never plain HTTP.
base::Result<std::string> load_authority(const Getenv& env, const Hosts& hosts) {
  const auto text = lookup(env, "AZURE_AUTHORITY_HOST");
  if (!text) return "https://" + std::string(hosts.login);
  const auto url = net::Url::parse(*text);
  if (url && url->scheme == "https" && url->path == "/" && url->query.empty()) return url->origin();
  return invalid(fmt::format(
      "AZURE_AUTHORITY_HOST is no URL of the form https://{}; https only, since credentials are "
      "sent there",
      hosts.login));
}

/// A URL of the machine itself, without a trailing slash.
std::optional<std::string> machine_url(std::string_view text) {
  const auto url = net::Url::parse(text);
  if (!url || !url->query.empty()) return std::nullopt;
  std::string result = url->str();
  while (result.ends_with('/')) result.pop_back();
  return result;
}

class Finder {
 public:
  Finder(const Getenv& env, const ReadFile& read, std::string authority)
      : env_(env), read_(read), authority_(std::move(authority)) {}

  Found secret() const {
    auto secret = lookup(env_, secret_variable);
    if (!secret) return std::nullopt;
    return client(auth::SecretProof{base::SecretBytes(*secret)}, secret_variable,
                  std::string(secret_variable), "set it beside");
  }

  Found certificate() const {
    const auto file = lookup(env_, certificate_variable);
    if (!file) return std::nullopt;
    auth::CertificateProof proof{
        *file, base::SecretBytes(lookup(env_, "AZURE_CLIENT_CERTIFICATE_PASSWORD").value_or(""))};
    const auto content = read_(*file);
    if (!content) {
      return invalid(fmt::format("{}: {}; is the Secret with the certificate mounted there?",
                                 certificate_variable, content.error().text));
    }
    const auto read = auth::read_certificate(content->view(), proof.password.view());
    if (!read)
      return invalid(fmt::format("{}={}: {}", certificate_variable, *file, read.error().text));
    return client(std::move(proof), certificate_variable,
                  fmt::format("{}={}", certificate_variable, *file), "set it beside");
  }

  Found federated() const {
    const auto file = lookup(env_, federated_variable);
    if (!file) return std::nullopt;
    const auto content = read_(*file);
    if (!content) {
      return invalid(fmt::format(
          "{}: {}; the pod needs the label azure.workload.identity/use: \"true\", by which the "
          "token is mounted",
          federated_variable, content.error().text));
    }
    return client(auth::FederatedProof{*file}, federated_variable,
                  fmt::format("{}={}", federated_variable, *file), annotation);
  }

  base::Result<AuthSettings> managed() const {
    auth::ManagedSource source;
    source.client_id = lookup(env_, "AZURE_CLIENT_ID").value_or("");
    const auto endpoint = lookup(env_, "IDENTITY_ENDPOINT");
    const auto header = lookup(env_, "IDENTITY_HEADER");
    std::string origin;
    if (endpoint || header) {
      if (auto usable = check_endpoint(endpoint, header); !usable)
        return std::unexpected(std::move(usable.error()));
      source.kind = auth::ManagedSource::Kind::app_service;
      source.header.append(*header);
      source.url = *machine_url(*endpoint);
      origin = "IDENTITY_ENDPOINT=" + source.url;
    } else {
      const auto host = lookup(env_, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
      const auto url = machine_url(host.value_or(std::string(imds_origin)));
      if (!url) {
        return invalid(
            fmt::format("AZURE_POD_IDENTITY_AUTHORITY_HOST is no URL of the form {}", imds_origin));
      }
      origin = *url;
      source.url = *url + "/metadata/identity/oauth2/token";
    }
    return AuthSettings{std::move(source), std::move(origin), read_};
  }

 private:
  /// An identity of Entra. `variable` is what it was found by, `remedy` how its ids are given.
  Found client(auth::Proof proof, std::string_view variable, std::string origin,
               std::string_view remedy) const {
    auth::ClientSource source{authority_, lookup(env_, "AZURE_TENANT_ID").value_or(""),
                              lookup(env_, "AZURE_CLIENT_ID").value_or(""), std::move(proof)};
    for (const auto& [name, value] :
         {std::pair<std::string_view, std::string_view>("AZURE_TENANT_ID", source.tenant),
          std::pair<std::string_view, std::string_view>("AZURE_CLIENT_ID", source.client_id)}) {
      if (value.empty())
        return invalid(fmt::format("{} is set, but not {}; {}", variable, name, remedy));
    }
    if (!is_tenant(source.tenant)) {
      return invalid(
          "AZURE_TENANT_ID is no tenant; expected a GUID, or a domain like "
          "contoso.onmicrosoft.com");
    }
    return AuthSettings{std::move(source), std::move(origin), read_};
  }

  base::Result<> check_endpoint(const std::optional<std::string>& endpoint,
                                const std::optional<std::string>& header) const {
    if (endpoint && (lookup(env_, "IMDS_ENDPOINT") || lookup(env_, "IDENTITY_SERVER_THUMBPRINT"))) {
      return invalid(
          "IDENTITY_ENDPOINT is that of Azure Arc or Service Fabric, which is not supported; give "
          "the controller a client certificate or workload identity");
    }
    if (!endpoint || !header) {
      return invalid(fmt::format("{} is set, but not {}; App Service sets both",
                                 endpoint ? "IDENTITY_ENDPOINT" : "IDENTITY_HEADER",
                                 endpoint ? "IDENTITY_HEADER" : "IDENTITY_ENDPOINT"));
    }
    if (!machine_url(*endpoint) || !oauth::is_token(*header))
      return invalid("IDENTITY_ENDPOINT is no URL, or IDENTITY_HEADER can be no header");
    return {};
  }

  const Getenv& env_;
  const ReadFile& read_;
  std::string authority_;
};

}  // namespace

base::Result<AuthSettings> load_auth(const Getenv& env, const ReadFile& read, const Hosts& hosts) {
  auto authority = load_authority(env, hosts);
  if (!authority) return std::unexpected(std::move(authority.error()));
  const Finder finder(env, read, std::move(*authority));
  for (const auto look : {&Finder::secret, &Finder::certificate, &Finder::federated}) {
    auto found = (finder.*look)();
    if (!found) return std::unexpected(std::move(found.error()));
    if (*found) return std::move(**found);
  }
  return finder.managed();
}

}  // namespace edsm::cloud::azure
