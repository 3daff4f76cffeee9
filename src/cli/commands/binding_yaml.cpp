#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cli/commands/migration.hpp"
#include "kube/api.hpp"

namespace edsm::cli {
namespace {

/// Plain where nobody can take it for something else than a text, else in JSON's quotes, which
/// YAML reads too.
std::string scalar(std::string_view text) {
  constexpr std::string_view kFirst = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_/";
  constexpr std::string_view kLater =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/.-";
  constexpr std::array<std::string_view, 9> kWords = {"true", "false", "yes",  "no", "on",
                                                      "off",  "null",  "none", "y"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const bool plain = !text.empty() && kFirst.contains(text.front()) &&
                     text.find_first_not_of(kLater) == std::string_view::npos && lower != "n" &&
                     std::ranges::find(kWords, lower) == kWords.end();
  if (plain) return std::string(text);
  base::JsonWriter json;
  json.string(text);
  return std::string(json.bytes().view());
}

/// Lines of a block, each under its indentation.
class Block {
 public:
  void line(int depth, std::string_view name) {
    text_ += fmt::format("{:{}}{}:\n", "", 2 * depth, name);
  }
  /// Nothing if there is no value.
  void member(int depth, std::string_view name, std::string_view value) {
    if (value.empty()) return;
    text_ += fmt::format("{:{}}{}: {}\n", "", 2 * depth, name, scalar(value));
  }
  void map(int depth, std::string_view name, const sync::StringMap& members) {
    if (members.empty()) return;
    line(depth, name);
    for (const auto& [key, value] : members) {
      text_ += fmt::format("{:{}}{}: {}\n", "", 2 * depth + 2, scalar(key), scalar(value));
    }
  }
  void item(int depth, std::string_view name, std::string_view value) {
    text_ += fmt::format("{:{}}- {}: {}\n", "", 2 * depth, name, scalar(value));
  }
  std::string take() && { return std::move(text_); }

 private:
  std::string text_;
};

void write_target(Block& block, const WishedBinding& wish) {
  const bool usual = wish.type.empty() && wish.labels.empty() && wish.annotations.empty() &&
                     wish.creation.empty() && !wish.delete_with_source;
  if (usual) return;
  block.line(1, "target");
  block.member(2, "type", wish.type);
  block.map(2, "labels", wish.labels);
  block.map(2, "annotations", wish.annotations);
  block.member(2, "creationPolicy", wish.creation);
  if (wish.delete_with_source) block.member(2, "deletionPolicy", "Delete");
}

}  // namespace

std::string binding_yaml(std::string_view ns, std::string_view name, const WishedBinding& wish) {
  Block block;
  block.member(0, "apiVersion", kube::kBindings.api_version());
  block.member(0, "kind", kube::kBindings.kind);
  block.line(0, "metadata");
  block.member(1, "name", name);
  block.member(1, "namespace", ns);
  block.line(0, "spec");
  block.member(1, "cloudProvider", wish.provider);
  if (!wish.region.empty() || !wish.project.empty() || !wish.role.empty() || !wish.vault.empty() ||
      !wish.tenant.empty()) {
    block.line(1, "cloudProviderOptions");
  }
  block.member(2, "azureVaultURL", wish.vault);
  block.member(2, "azureTenantID", wish.tenant);
  block.member(2, "gcpProjectID", wish.project);
  block.member(2, "region", wish.region);
  block.member(2, "roleARN", wish.role);
  block.member(2, "externalID", wish.external_id);
  block.member(1, "secretPath", wish.path);
  block.member(1, "targetSecretName", wish.target);
  block.member(1, "format", wish.format);
  block.member(1, "rawKey", wish.raw_key);
  if (!wish.data.empty()) block.line(1, "data");
  for (const auto& [secret_key, property] : wish.data) {
    block.item(1, "secretKey", secret_key);
    block.member(2, "property", property);
  }
  write_target(block, wish);
  return std::move(block).take();
}

}  // namespace edsm::cli
