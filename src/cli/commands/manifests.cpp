#include "cli/commands/manifests.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/reloader.hpp"
#include "kube/yaml.hpp"

namespace edsm::cli {
namespace {

constexpr std::string_view kGroup = "external-secrets.io";
constexpr std::string_view kVersions[] = {"v1", "v1beta1"};

/// Reads a list of a kind, in the first version that the server has.
base::Task<base::Result<>> list_kind(ClusterAccess& access, Manifests& manifests,
                                     std::vector<kube::Resource> versions, Namespaces namespaces) {
  for (const auto& kind : versions) {
    auto pages = co_await list_all(access.api, kind, namespaces);
    if (pages) {
      for (auto& page : *pages) manifests.add_list(std::move(page), kind.kind);
      break;
    }
    if (pages.error().code != "HTTP404") co_return std::unexpected(std::move(pages.error()));
  }
  co_return base::Result<>{};
}

std::vector<kube::Resource> external(std::string_view plural, std::string_view kind) {
  std::vector<kube::Resource> versions;
  for (const auto version : kVersions) versions.push_back({kGroup, version, plural, kind});
  return versions;
}

bool anybody_searches(const Manifests& manifests) {
  return std::ranges::any_of(manifests.all(),
                             [](const auto& object) { return searches_secrets(*object.value); });
}

base::Result<std::string> read_file(const std::string& name) {
  std::ifstream file;
  if (name != "-") file.open(name, std::ios::binary);
  std::istream& input = name == "-" ? std::cin : file;
  std::string text{std::istreambuf_iterator<char>(input), {}};
  if (name != "-" && (!file.is_open() || file.bad())) {
    return base::fail(base::Failure::absent, "NoSuchFile",
                      fmt::format("{} cannot be read: is the path right?", name));
  }
  return text;
}

}  // namespace

base::Result<> Manifests::add_text(std::string_view text, std::string_view name) {
  if (const auto first = text.find_first_not_of(" \t\r\n");
      first != std::string_view::npos && text[first] == '{') {
    auto document = base::JsonDocument::parse(text);
    if (document) {
      add(std::move(*document));
      return {};
    }
  }
  auto nodes = kube::load_yaml_stream(text, name);
  if (!nodes) return std::unexpected(std::move(nodes.error()));
  for (const auto& node : *nodes) {
    base::JsonWriter json;
    kube::yaml_to_json(node, json);
    auto document = base::JsonDocument::parse(json.bytes().view());
    if (!document) return std::unexpected(std::move(document.error()));
    add(std::move(*document));
  }
  return {};
}

void Manifests::add(base::JsonDocument document) {
  const auto& root = document.root();
  const auto* const items = base::array_at(root, "items");
  if (items != nullptr && base::string_at(root, "kind").ends_with("List")) {
    for (const auto& item : *items) note(item);
  } else {
    note(root);
  }
  documents_.push_back(std::move(document));
}

void Manifests::note(const boost::json::value& object) {
  const auto kind = base::string_at(object, "kind");
  if (!kind.empty()) objects_.push_back({std::string(kind), &object});
}

void Manifests::add_list(base::JsonDocument page, std::string_view kind) {
  if (const auto* const items = base::array_at(page.root(), "items")) {
    for (const auto& item : *items) objects_.push_back({std::string(kind), &item});
  }
  documents_.push_back(std::move(page));
}

std::vector<const boost::json::value*> Manifests::of_kind(std::string_view kind) const {
  std::vector<const boost::json::value*> found;
  for (const auto& object : objects_) {
    if (object.kind == kind) found.push_back(object.value);
  }
  return found;
}

base::Result<Manifests> read_manifests(const std::vector<std::string>& files) {
  Manifests manifests;
  for (const auto& name : files) {
    auto text = read_file(name);
    if (!text) return std::unexpected(std::move(text.error()));
    auto added = manifests.add_text(*text, name == "-" ? "standard input" : name);
    if (!added) return std::unexpected(std::move(added.error()));
  }
  return manifests;
}

base::Task<base::Result<ListedManifests>> list_manifests(ClusterAccess access) {
  struct Wanted {
    std::vector<kube::Resource> versions;
    bool namespaced = true;
  };
  std::vector<Wanted> wanted = {{external("externalsecrets", "ExternalSecret")},
                                {external("secretstores", "SecretStore")},
                                {external("clustersecretstores", "ClusterSecretStore"), false},
                                {{kube::kBindings}},
                                {{kube::kDeployments}},
                                {{kube::kStatefulSets}},
                                {{kube::kDaemonSets}}};
  ListedManifests listed;
  for (auto& [versions, namespaced] : wanted) {
    Namespaces where = {""};
    if (namespaced) where = access.namespaces;
    auto read = co_await list_kind(access, listed.found, std::move(versions), std::move(where));
    if (!read) co_return std::unexpected(std::move(read.error()));
  }
  if (!anybody_searches(listed.found)) co_return listed;
  for (const auto& ns : access.namespaces) {
    auto secrets = co_await list_metadata(access.api, kube::kSecrets, ns);
    listed.secrets_known = secrets.has_value();
    if (!secrets) co_return listed;
    for (auto& page : *secrets) listed.found.add_list(std::move(page), kube::kSecrets.kind);
  }
  co_return listed;
}

}  // namespace edsm::cli
