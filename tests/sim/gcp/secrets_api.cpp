#include "sim/gcp/secrets_api.hpp"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/crypto.hpp"

namespace edsm::sim::gcp {
namespace {

namespace json = boost::json;
using net::Method;

Answer<json::object> parse(const net::Request& request) {
  const auto body = request.body.view();
  boost::system::error_code error;
  json::value value = json::parse(body.empty() ? "{}" : body, error);
  if (error || !value.is_object()) return invalid("Invalid JSON payload received.");
  return std::move(value.get_object());
}

/// The fields of an update mask, in the spelling of JSON: "version_aliases,topics".
std::vector<std::string> fields_of(std::string_view mask) {
  std::vector<std::string> fields(1);
  bool capital = false;
  for (const char letter : mask) {
    if (letter == ',') {
      fields.emplace_back();
    } else if (letter == '_') {
      capital = true;
    } else {
      fields.back() += capital && letter >= 'a' && letter <= 'z'
                           ? static_cast<char>(letter - 'a' + 'A')
                           : letter;
      capital = false;
    }
  }
  return fields;
}

std::unexpected<ServiceError> unknown() {
  return fail("NOT_FOUND", "The requested URL was not found on this server.");
}

json::object page_json(std::string_view member, json::array page, std::string next,
                       std::size_t total) {
  json::object result;
  // What is empty is left out.
  if (!page.empty()) result[member] = std::move(page);
  if (!next.empty()) result["nextPageToken"] = std::move(next);
  if (total != 0) result["totalSize"] = total;
  return result;
}

}  // namespace

Answer<void> SecretsApi::permit(CloudCall& call, std::string_view operation,
                                std::string_view resource) const {
  call.operation = operation;
  if (!resource.empty()) call.ids.emplace_back(resource);
  if (faults_.denied(operation) || faults_.denied(operation, resource)) {
    return fail(
        "PERMISSION_DENIED",
        fmt::format("Permission denied for resource '{}' (or it may not exist).", resource));
  }
  if (faults_.exhausted.contains(operation))
    return fail("RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Reads'.");
  return {};
}

Answer<json::object> SecretsApi::answer(Secrets& secrets, const net::Request& request,
                                        const Path& path, CloudCall& call) {
  // projects/P[/locations/L]/secrets[/S[/versions[/V]]]
  std::size_t at = 2;
  std::string parent;
  if (path[at] == "locations") {
    parent = fmt::format("locations/{}/", path[at + 1]);
    at += 2;
  }
  if (path[0] != "projects" || path[at] != "secrets" || path.size() > at + 4) return unknown();
  if (!secrets.knows(path[1])) {
    return fail("PERMISSION_DENIED",
                fmt::format("Permission denied on resource project {}.", path[1]));
  }
  if (path.size() == at + 1) return of_project(secrets, request, path, parent, call);
  const Name name{fmt::format("{}secrets/{}", parent, path[at + 1]), std::string(path[at + 3])};
  if (path.size() == at + 4) return of_version(secrets, request, path, name, call);
  const bool list = path.size() == at + 3 && request.method == Method::get;
  if (!list) return of_secret(secrets, request, path, name, call);
  if (auto allowed = permit(call, "ListSecretVersions", name.path); !allowed)
    return std::unexpected(allowed.error());
  return versions(secrets, path, name);
}

Answer<json::object> SecretsApi::of_project(Secrets& secrets, const net::Request& request,
                                            const Path& path, const std::string& parent,
                                            CloudCall& call) {
  if (request.method == Method::get) {
    if (auto allowed = permit(call, "ListSecrets", {}); !allowed)
      return std::unexpected(allowed.error());
    return list(secrets, path, parent);
  }
  const auto name = fmt::format("{}secrets/{}", parent, text_at(path.query, "secretId"));
  if (auto allowed = permit(call, "CreateSecret", name); !allowed)
    return std::unexpected(allowed.error());
  auto input = parse(request);
  if (!input) return input;
  return secrets.create(name, std::move(*input));
}

Answer<json::object> SecretsApi::of_secret(Secrets& secrets, const net::Request& request,
                                           const Path& path, const Name& name, CloudCall& call) {
  std::string_view operation = "GetSecret";
  if (request.method == Method::patch) operation = "UpdateSecret";
  if (request.method == Method::del) operation = "DeleteSecret";
  if (path.verb == "addVersion") operation = "AddSecretVersion";
  if (auto allowed = permit(call, operation, name.path); !allowed)
    return std::unexpected(allowed.error());
  const auto input = parse(request);
  if (!input) return input;
  if (operation == "AddSecretVersion") return add(secrets, *input, name);
  if (operation == "UpdateSecret")
    return secrets.update(name.path, *input, fields_of(text_at(path.query, "updateMask")));
  if (operation == "DeleteSecret") return secrets.remove(name.path, text_at(path.query, "etag"));
  const Secret* const secret = secrets.find(name.path);
  if (secret == nullptr)
    return fail("NOT_FOUND",
                fmt::format("Secret [projects/{}/{}] not found.", secrets.number(), name.path));
  secrets.notifications().read(operation, secrets.resource(*secret));
  return secret->body;
}

Answer<json::object> SecretsApi::add(Secrets& secrets, const json::object& input,
                                     const Name& name) {
  const auto* const payload = input.if_contains("payload");
  if (payload == nullptr || !payload->is_object()) return invalid("A payload is required.");
  const auto& members = payload->get_object();
  const auto bytes = base::base64_decode(text_at(members, "data"));
  if (!bytes) return invalid("Invalid value at 'payload.data' (TYPE_BYTES).");
  const auto told = text_at(members, "dataCrc32c");
  if (!told.empty() && told != std::to_string(checksum(bytes->view())))
    return invalid("The checksum is not that of the payload.");
  return secrets.add(name.path, std::string(bytes->view()), !told.empty());
}

Answer<json::object> SecretsApi::of_version(Secrets& secrets, const net::Request& request,
                                            const Path& path, const Name& name, CloudCall& call) {
  if (request.method == Method::get) {
    const bool value = path.verb == "access";
    const auto* const operation = value ? "AccessSecretVersion" : "GetSecretVersion";
    if (auto allowed = permit(call, operation, name.path); !allowed)
      return std::unexpected(allowed.error());
    return read(secrets, name, value, call);
  }
  const auto input = parse(request);
  if (!input) return input;
  struct Verb {
    std::string_view verb;
    std::string_view operation;
    State state;
  };
  for (const auto& [verb, operation, state] :
       {Verb{"enable", "EnableSecretVersion", State::enabled},
        Verb{"disable", "DisableSecretVersion", State::disabled},
        Verb{"destroy", "DestroySecretVersion", State::destroyed}}) {
    if (path.verb != verb) continue;
    if (auto allowed = permit(call, operation, name.path); !allowed)
      return std::unexpected(allowed.error());
    return secrets.change(name.path, name.version, state, text_at(*input, "etag"));
  }
  return unknown();
}

Answer<json::object> SecretsApi::read(Secrets& secrets, const Name& name, bool value,
                                      CloudCall& call) {
  const Secret* const secret = secrets.find(name.path);
  const auto resource = fmt::format("projects/{}/{}", secrets.number(), name.path);
  if (secret == nullptr) {
    return fail("NOT_FOUND", fmt::format("Secret [{}] not found or has no versions.", resource));
  }
  const Version* const version = secret->version(name.version);
  if (version == nullptr && name.version == "latest")
    return fail("NOT_FOUND", fmt::format("Secret [{}] not found or has no versions.", resource));
  if (version == nullptr) {
    return fail("NOT_FOUND",
                fmt::format("Secret Version [{}/versions/{}] not found.", resource, name.version));
  }
  const auto number = std::to_string(version->number);
  const auto full = fmt::format("{}/versions/{}", resource, number);
  if (!value) {
    secrets.notifications().read("GetSecretVersion", full);
    return secrets.json(*secret, *version);
  }
  if (version->state != State::enabled) {
    return fail("FAILED_PRECONDITION", fmt::format("Secret Version [{}] is in {} state.", full,
                                                   to_string(version->state)));
  }
  call.values.push_back({name.path, number});
  secrets.notifications().read("AccessSecretVersion", full);
  auto bytes = version->bytes;
  if (chance(timeline_, faults_.damaged)) bytes.front() = static_cast<char>(bytes.front() ^ 1);
  const json::object payload{{"data", base::base64(bytes)},
                             {"dataCrc32c", std::to_string(checksum(version->bytes))}};
  return json::object{{"name", full}, {"payload", payload}};
}

Answer<json::object> SecretsApi::list(const Secrets& secrets, const Path& path,
                                      std::string_view parent) {
  if (!text_at(path.query, "filter").empty()) return fail("UNIMPLEMENTED", "no filters");
  std::vector<const Secret*> all;
  const auto prefix = fmt::format("{}secrets/", parent);
  for (const Secret& each : secrets.all()) {
    if (each.path.starts_with(prefix)) all.push_back(&each);
  }
  auto page = page_of(path.query, all.size());
  if (!page) return std::unexpected(page.error());
  json::array items;
  for (std::size_t i = page->first; i < page->end; ++i) items.push_back(all[i]->body);
  return page_json("secrets", std::move(items), std::move(page->next), all.size());
}

/// The newest first.
Answer<json::object> SecretsApi::versions(Secrets& secrets, const Path& path, const Name& name) {
  const Secret* const secret = secrets.find(name.path);
  if (secret == nullptr) {
    return fail("NOT_FOUND",
                fmt::format("Secret [projects/{}/{}] not found.", secrets.number(), name.path));
  }
  std::string_view filter = text_at(path.query, "filter");
  const bool by_state = filter.starts_with("state:") || filter.starts_with("state=");
  if (!filter.empty() && !by_state) return fail("UNIMPLEMENTED", "no such filter");
  if (by_state) filter.remove_prefix(6);
  std::vector<const Version*> all;
  for (auto each = secret->versions.rbegin(); each != secret->versions.rend(); ++each) {
    if (!by_state || to_string(each->state) == filter) all.push_back(&*each);
  }
  auto page = page_of(path.query, all.size());
  if (!page) return std::unexpected(page.error());
  json::array items;
  for (std::size_t i = page->first; i < page->end; ++i)
    items.push_back(secrets.json(*secret, *all[i]));
  return page_json("versions", std::move(items), std::move(page->next), all.size());
}

}  // namespace edsm::sim::gcp
