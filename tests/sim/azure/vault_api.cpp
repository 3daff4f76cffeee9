#include "sim/azure/vault_api.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;
using json::object;
using net::Method;

constexpr std::size_t largest_page = 25;

/// "7.4", "7.6-preview.2", "2025-07-01"
bool is_api_version(std::string_view text) {
  return text.front() >= '0' && text.front() <= '9' &&
         text.find_first_of(".-") != std::string_view::npos;
}

/// The names of operations are those of EDSM's metrics, where it has them.
std::string_view operation_of(Method method, const Path& path) {
  if (path[0] == "deletedsecrets") {
    return method == Method::post  ? "RecoverDeletedSecret"
           : method == Method::del ? "PurgeDeletedSecret"
                                   : "GetDeletedSecret";
  }
  if (method == Method::put) return "SetSecret";
  if (method == Method::patch) return "UpdateSecret";
  if (method == Method::del) return "DeleteSecret";
  if (path.size() == 1) return "GetSecrets";
  return path[2] == "versions" ? "GetSecretVersions" : "GetSecret";
}

/// What an audit record calls it.
std::string_view recorded_as(std::string_view operation) {
  if (operation == "GetSecret") return "SecretGet";
  if (operation == "GetSecrets") return "SecretList";
  return operation == "GetSecretVersions" ? "SecretListVersions" : std::string_view();
}

VaultApi::Done done(Answer<object> answer) {
  if (!answer) return std::unexpected(std::move(answer.error()));
  return std::move(*answer);
}

}  // namespace

Reply VaultApi::answer(const net::Request& request, const Path& path, CloudCall& call) {
  auto decided = decide(request, path, call);
  const int status = !decided ? decided.error().status : *decided ? 200 : 204;
  call.status = status;
  if (!decided) call.code = decided.error().code;
  auto reply = decided ? vault_success(timeline_, request, status, *decided)
                       : vault_failure(timeline_, request, decided.error());
  const auto read = recorded_as(call.operation);
  if (!read.empty() && status != 401 && status != 429) {
    const auto version = path[2] == "versions" ? std::string_view() : path[2];
    vault_.events().called(read, path[1], version, status);
  }
  return reply;
}

VaultApi::Done VaultApi::decide(const net::Request& request, const Path& path, CloudCall& call) {
  const bool known = path[0] == "secrets" || path[0] == "deletedsecrets";
  if (known) call.operation = operation_of(request.method, path);
  if (path.size() > 1) call.ids.push_back(lower(path[1]));
  if (chance(timeline_, faults_.throttled)) {
    auto refusal = fail(429, "Throttled",
                        "Request was not processed because too many requests were received.");
    refusal.error().headers.add("Retry-After", "1");
    return refusal;
  }
  if (auto allowed = authenticate(request); !allowed) return std::unexpected(allowed.error());
  const auto version = text_at(path.query, "api-version");
  if (version.empty()) return bad_parameter("api-version must be specified");
  if (!is_api_version(version))
    return bad_parameter(fmt::format("The specified version ({}) is not recognized.", version));
  if (!known) return fail(404, "NotFound", fmt::format("There is no {}", path.text));
  if (auto allowed = permit(call, path[1]); !allowed) return std::unexpected(allowed.error());
  if (path[0] == "secrets") return of_secrets(request, path, call);
  return of_deleted(request, path);
}

Answer<void> VaultApi::authenticate(const net::Request& request) const {
  const bool forged = chance(timeline_, faults_.forged_challenges);
  auto allowed = tokens_.check(request, kVaultAudience, tenant);
  if (allowed && !forged) return {};
  ServiceError refusal{401, "Unauthorized", "AKV10001: The token is not one for this vault."};
  if (!allowed) refusal.message = std::move(allowed.error());
  refusal.headers.add("WWW-Authenticate",
                      fmt::format(R"(Bearer authorization="https://{}/{}", resource="{}")",
                                  kLoginHost, tenant, forged ? kForgedResource : kVaultAudience));
  return std::unexpected(std::move(refusal));
}

Answer<void> VaultApi::permit(const CloudCall& call, std::string_view name) const {
  if (!faults_.denied(call.operation) && !faults_.denied(call.operation, lower(name))) return {};
  return fail(403, "Forbidden",
              fmt::format("Caller is not authorized to perform action on resource.\r\nAction: "
                          "'{}'\r\nVault: {}",
                          call.operation, vault_.name()),
              "ForbiddenByRbac");
}

VaultApi::Done VaultApi::of_secrets(const net::Request& request, const Path& path,
                                    CloudCall& call) {
  const auto name = path[1];
  if (call.operation == "GetSecrets") {
    std::vector<object> items;
    for (const auto* const each : vault_.all(false)) items.push_back(vault_.item(*each));
    return list(path, std::move(items));
  }
  if (call.operation == "GetSecretVersions") {
    const auto* const secret = vault_.find(name);
    if (secret == nullptr) return std::unexpected(absent(name));
    std::vector<object> items;
    for (const auto& each : secret->versions) items.push_back(vault_.json(*secret, each, false));
    // They come in no order of time.
    std::ranges::sort(items, {}, [](const object& item) { return text_at(item, "id"); });
    return list(path, std::move(items));
  }
  if (call.operation == "GetSecret") return read(name, path[2], call);
  if (call.operation == "DeleteSecret") return done(vault_.remove(name));
  const auto body = parse_body(request);
  if (!body) return bad_parameter("The request body is no JSON object.");
  if (call.operation == "SetSecret") return done(vault_.put(name, *body));
  return done(vault_.patch(name, path[2], *body));
}

VaultApi::Done VaultApi::of_deleted(const net::Request& request, const Path& path) {
  if (path.size() == 1) {
    std::vector<object> items;
    for (const auto* const each : vault_.all(true)) items.push_back(vault_.deleted_json(*each));
    return list(path, std::move(items));
  }
  if (request.method == Method::post) return done(vault_.recover(path[1]));
  if (request.method == Method::del) {
    if (auto purged = vault_.purge(path[1]); !purged) return std::unexpected(purged.error());
    return std::nullopt;
  }
  const auto* const secret = vault_.find_deleted(path[1]);
  if (secret == nullptr) {
    return fail(404, "SecretNotFound", fmt::format("Deleted Secret not found: {}", path[1]));
  }
  return vault_.deleted_json(*secret);
}

/// What is not valid yet, or not any more, is given away all the same.
VaultApi::Done VaultApi::read(std::string_view name, std::string_view wanted, CloudCall& call) {
  const auto* const secret = vault_.find(name);
  if (secret == nullptr) return std::unexpected(absent(name));
  const auto* const version = secret->version(wanted);
  if (version == nullptr) return std::unexpected(absent(fmt::format("{}/{}", name, wanted)));
  if (!version->enabled) {
    return fail(403, "Forbidden", "Operation get is not allowed on a disabled secret.",
                "SecretDisabled");
  }
  call.values.push_back({lower(name), version->id});
  return vault_.json(*secret, *version, true);
}

/// The link to the next page names the port, as recordings show. Its token is the last item.
VaultApi::Done VaultApi::list(const Path& path, std::vector<object> items) const {
  const auto asked = text_at(path.query, "maxresults");
  const auto size = asked.empty() ? static_cast<std::int64_t>(page) : number_in(asked).value_or(0);
  if (size < 1 || size > static_cast<std::int64_t>(largest_page))
    return bad_parameter(fmt::format("maxresults must be from 1 to {}.", largest_page));
  const auto id_of = [](const object& item) { return lower(text_at(item, "id")); };
  std::string after(text_at(path.query, "$skiptoken"));
  std::erase_if(items, [&](const object& item) { return id_of(item) <= after; });
  json::array shown;
  for (auto& item : items) {
    if (std::ssize(shown) == size) break;
    after = id_of(item);
    shown.push_back(std::move(item));
  }
  object result{{"value", shown}, {"nextLink", nullptr}};
  if (items.size() > shown.size()) {
    auto link =
        fmt::format("https://{}:443{}?api-version={}&$skiptoken={}", vault_.host(), path.text,
                    text_at(path.query, "api-version"), net::percent_encode(after));
    if (!asked.empty()) link += fmt::format("&maxresults={}", asked);
    result["nextLink"] = link;
  }
  return result;
}

}  // namespace edsm::sim::azure
