#include "cloud/gcp/secret_manager.hpp"

#include <array>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/planted.hpp"
#include "base/utf8.hpp"
#include "cloud/gcp/crc32c.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::Failure;
using base::string_at;
using boost::json::value;

/// Reads of one value whose checksum is wrong.
constexpr int checksum_attempts = 3;
constexpr std::string_view checksum_mismatch = "ChecksumMismatch";

std::string path_of(const SecretName& name, std::string_view verb) {
  std::string path = "/v1/projects/" + net::percent_encode(name.project);
  if (name.location != global) path += "/locations/" + name.location;
  const std::string_view version = name.version.empty() ? latest : std::string_view(name.version);
  return fmt::format("{}/secrets/{}/versions/{}{}", path, name.secret, version, verb);
}

std::string described(const SecretName& name) {
  if (name.version.empty()) return "the secret " + name.resource();
  return fmt::format("version {} of the secret {}", name.version, name.resource());
}

/// Adds what the reader of a condition needs: which secret, and what to do.
base::Error explain(base::Error error, std::string_view operation, const SecretName& name) {
  if (error.code == "PERMISSION_DENIED") {
    const bool access = operation == "AccessSecretVersion";
    error.text +=
        fmt::format("; grant {} (secretmanager.versions.{}) on {}, if it exists",
                    access ? "roles/secretmanager.secretAccessor" : "roles/secretmanager.viewer",
                    access ? "access" : "get", name.resource());
  } else if (error.failure == Failure::absent) {
    error.text += fmt::format("; {} does not exist{}", described(name),
                              name.version.empty() ? ", or has no version yet" : "");
  } else {
    error.text += fmt::format(" ({})", described(name));
  }
  return error;
}

std::unexpected<base::Error> malformed(const SecretName& name, std::string_view why) {
  return base::fail(Failure::transient, "MalformedAnswer",
                    fmt::format("Secret Manager answered for {} {}", described(name), why));
}

/// The one state is cured by enabling, the other is not.
std::string remedy(const SecretName& name, const VersionFacts& facts) {
  if (facts.state == "DISABLED") {
    return fmt::format("version {} of the secret {} is disabled; enable it, or add a new version",
                       facts.number, name.resource());
  }
  return fmt::format("version {} of the secret {} is destroyed; add a new version{}", facts.number,
                     name.resource(), name.version.empty() ? "" : ", or name another one");
}

/// An enum of the API: its name, or its number.
std::string state_in(const value& answer) {
  static constexpr auto names =
      std::to_array<std::string_view>({"STATE_UNSPECIFIED", "ENABLED", "DISABLED", "DESTROYED"});
  const auto text = string_at(answer, "state");
  if (one_of(names, text)) return std::string(text);
  const auto number = base::int_at(answer, "state");
  const bool known = number && *number > 0 && *number < std::ssize(names);
  return std::string(known ? names[static_cast<std::size_t>(*number)] : names.front());
}

}  // namespace

base::Error disabled(const SecretName& name, const VersionFacts& facts) {
  base::Error error{Failure::refused, std::string(kSourceDisabled), remedy(name, facts), {}};
  if (base::planted(base::Bug::disabled_is_gone)) error = {Failure::absent, "NOT_FOUND", "", {}};
  return error;
}

base::Task<base::Result<base::JsonDocument>> SecretManager::get(std::string operation,
                                                                SecretName name, std::string verb) {
  Call call(operation, path_of(name, verb));
  auto answer = co_await client_->call(std::move(call));
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), operation, name));
  co_return answer;
}

/// The version that answered, by its full name.
base::Result<SecretName> SecretManager::name_in(const value& answer, const SecretName& asked) {
  auto name = parse_secret_name(string_at(answer, "name"));
  if (!name || name->secret != asked.secret || name->location != asked.location ||
      !is_version_number(name->version)) {
    return malformed(asked, "without the name of a version of it");
  }
  projects_.learn(asked.project, name->project);
  return std::move(*name);
}

base::Result<Value> SecretManager::read_value(const value& answer, const SecretName& asked,
                                              const Births::Versions& known) {
  const auto name = name_in(answer, asked);
  if (!name) return std::unexpected(name.error());
  // An empty value has no data.
  auto bytes = base::base64_decode(string_at(answer, "payload.data"));
  if (base::object_at(answer, "payload") == nullptr || !bytes)
    return malformed(asked, "without a payload in base64");
  const auto checksum = parse_number(string_at(answer, "payload.dataCrc32c"));
  if (checksum && *checksum != crc32c(bytes->view())) {
    return base::fail(Failure::transient, std::string(checksum_mismatch),
                      fmt::format("the value of {} was damaged on its way: its CRC32C is wrong",
                                  described(asked)));
  }
  Value result;
  result.version = version_text(name->version, known);
  result.form = base::is_utf8(bytes->view()) ? Form::text : Form::binary;
  result.bytes = std::move(*bytes);
  return result;
}

base::Task<base::Result<Value>> SecretManager::access(SecretName name) {
  for (int attempt = 1;; ++attempt) {
    // Of before the read: what is learned while it is under way may be of a newer version.
    const auto known = births_.of(name);
    SecretName asked = name;
    auto answer = co_await get("AccessSecretVersion", std::move(asked), ":access");
    if (!answer && answer.error().code == "FAILED_PRECONDITION") {
      SecretName refused = name;
      auto error = co_await explain_state(std::move(refused), std::move(answer.error()));
      co_return std::unexpected(std::move(error));
    }
    if (!answer) co_return std::unexpected(std::move(answer.error()));
    auto value = read_value(answer->root(), name, known);
    const bool damaged = !value && value.error().code == checksum_mismatch;
    if (!damaged || attempt == checksum_attempts) co_return value;
  }
}

/// The service says FAILED_PRECONDITION of what is disabled and of what is destroyed.
base::Task<base::Error> SecretManager::explain_state(SecretName name, base::Error error) {
  SecretName asked = name;
  const auto facts = co_await describe(std::move(asked));
  if (!facts || facts->readable()) {
    error.text += "; its version is disabled or destroyed: enable it, or add a new version";
  } else {
    error = disabled(name, *facts);
  }
  co_return error;
}

base::Task<base::Result<VersionFacts>> SecretManager::describe(SecretName name) {
  SecretName asked = name;
  auto answer = co_await get("GetSecretVersion", std::move(asked), "");
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  const auto found = name_in(answer->root(), name);
  if (!found) co_return std::unexpected(found.error());
  VersionFacts facts{found->version, state_in(answer->root()),
                     std::string(string_at(answer->root(), "createTime"))};
  births_.learn(*found, facts.created);
  co_return facts;
}

}  // namespace edsm::cloud::gcp
