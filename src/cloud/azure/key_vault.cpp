#include "cloud/azure/key_vault.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/planted.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;
using base::int_at;
using base::string_at;
using boost::json::value;

constexpr std::string_view pfx_type = "application/x-pkcs12";
/// What a PFX, and everything else in DER that is a sequence, begins with.
constexpr char der_sequence = '\x30';

std::string described(const SecretName& name, std::string_view host) {
  if (name.version.empty()) return fmt::format("the secret {} of {}", name.secret, host);
  return fmt::format("version {} of the secret {} of {}", name.version, name.secret, host);
}

std::string grant(std::string_view host) {
  return fmt::format(
      "grant the role Key Vault Secrets User on {}, or by access policy get and list of secrets",
      host);
}

/// Adds what the reader of a condition needs: which secret, and what to do.
base::Error explain(base::Error error, const SecretName& name, std::string_view host) {
  const auto what = described(name, host);
  if (error.code == kSourceDisabled) {
    error.text = fmt::format("{} is disabled; enable it, or set a new version", what);
  } else if (lacks_role(error)) {
    error.text += fmt::format(" for {}; {}", what, grant(host));
  } else if (error.failure == Failure::absent) {
    error.text += fmt::format("; {} does not exist, or was deleted", what);
  } else {
    error.text += fmt::format(" ({})", what);
  }
  return error;
}

std::unexpected<base::Error> malformed(std::string_view host, std::string_view why) {
  return base::fail(Failure::transient, "MalformedAnswer",
                    fmt::format("{} answered {}", host, why));
}

Attributes attributes_in(const value& item) {
  Attributes found;
  found.enabled = base::bool_at(item, "attributes.enabled").value_or(true) ||
                  base::planted(base::Bug::blind_to_disabled);
  found.created = int_at(item, "attributes.created").value_or(0);
  found.updated = int_at(item, "attributes.updated").value_or(0);
  found.not_before = int_at(item, "attributes.nbf");
  found.expires = int_at(item, "attributes.exp");
  return found;
}

/// Of a certificate with its key, which Key Vault keeps as base64, the file that it is. Anybody may
/// write the type, so what is no such file stays the text that it is.
std::optional<base::SecretBytes> decoded_pfx(std::string_view text, std::string_view type) {
  if (!same_ignoring_case(trim(type.substr(0, type.find(';'))), pfx_type)) return std::nullopt;
  auto bytes = base::base64_decode(text);
  if (!bytes || !bytes->view().starts_with(der_sequence)) return std::nullopt;
  return bytes;
}

}  // namespace

std::string KeyVault::path_of(const SecretName& name, std::string_view rest) const {
  return fmt::format("/secrets/{}{}?api-version={}", name.secret, rest, address_.api_version);
}

/// Identifiers name the vault by its host, and emulators perhaps by where they are.
std::optional<SecretName> KeyVault::named(std::string_view id) const {
  const auto url = net::Url::parse(id);
  constexpr std::string_view prefix = "/secrets/";
  if (!url || !url->path.starts_with(prefix)) return std::nullopt;
  if (url->host != address_.host && url->origin() != address_.origin) return std::nullopt;
  return parse_short_name(std::string_view(url->path).substr(prefix.size()));
}

base::Task<base::Result<Reading>> KeyVault::get(SecretName name) {
  Call call("GetSecret", path_of(name, name.version.empty() ? "" : "/" + name.version));
  auto answer = co_await client_->call(std::move(call));
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), name, address_.host));
  co_return read_value(answer->root(), name);
}

base::Result<Reading> KeyVault::read_value(const value& answer, const SecretName& asked) {
  const auto name = named(string_at(answer, "id"));
  const bool meant = name && name->secret == asked.secret && !name->version.empty() &&
                     (asked.version.empty() || asked.version == name->version);
  if (!meant) {
    return malformed(address_.host, "without the name of a version of the secret " + asked.secret);
  }
  const auto* const text = base::find(answer, "value");
  if (text == nullptr || !text->is_string())
    return malformed(address_.host, "without a value of the secret " + asked.secret);
  Reading reading;
  reading.attributes = attributes_in(answer);
  reading.value.version = name->version;
  const std::string_view bytes(text->get_string().data(), text->get_string().size());
  auto pfx = decoded_pfx(bytes, string_at(answer, "contentType"));
  reading.value.form = pfx ? Form::binary : Form::text;
  if (pfx) reading.value.bytes = std::move(*pfx);
  if (!pfx) reading.value.bytes.append(bytes);
  return reading;
}

base::Task<base::Result<Page>> KeyVault::secrets(std::string next) {
  std::string path = next.empty() ? "/secrets?api-version=" + address_.api_version : next;
  auto found = co_await page("GetSecrets", std::move(path));
  if (!found && lacks_role(found.error()))
    found.error().text += fmt::format("; {}", grant(address_.host));
  co_return found;
}

base::Task<base::Result<Page>> KeyVault::versions(SecretName name, std::string next) {
  std::string path = next.empty() ? path_of(name, "/versions") : next;
  auto found = co_await page("GetSecretVersions", std::move(path));
  if (!found) co_return std::unexpected(explain(std::move(found.error()), name, address_.host));
  co_return found;
}

base::Task<base::Result<Page>> KeyVault::page(std::string operation, std::string path) {
  Call call(std::move(operation), std::move(path));
  auto answer = co_await client_->call(std::move(call));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  co_return read_page(answer->root());
}

base::Result<Page> KeyVault::read_page(const value& answer) {
  Page page;
  const auto* const items = base::array_at(answer, "value");
  if (items == nullptr) return malformed(address_.host, "a list without items");
  for (const auto& item : *items) {
    auto name = named(string_at(item, "id"));
    if (name) page.items.push_back({std::move(*name), attributes_in(item)});
  }
  const auto link = string_at(answer, "nextLink");
  if (link.empty() || base::planted(base::Bug::first_page_only)) return page;
  auto next = read_link(link);
  if (!next) return std::unexpected(std::move(next.error()));
  page.next = std::move(*next);
  return page;
}

/// The token goes where the link leads, so that must be the vault.
base::Result<std::string> KeyVault::read_link(std::string_view link) {
  const auto url = net::Url::parse(link);
  const bool own = url && ((url->scheme == "https" && url->authority() == address_.host) ||
                           url->origin() == address_.origin);
  if (!own || !url->path.starts_with("/secrets"))
    return malformed(address_.host, "a list whose next page is somewhere else");
  return url->path + "?" + url->query;
}

}  // namespace edsm::cloud::azure
