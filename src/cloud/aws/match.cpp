#include "cloud/aws/match.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/aws/endpoints.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

constexpr std::string_view any = "*";
constexpr std::string_view unknown = "?";
constexpr std::size_t suffix_size = 6;

std::string key(std::string_view region, std::string_view account, std::string_view name) {
  return fmt::format("aws/{}/{}/{}", region, account, name);
}

std::vector<std::string> sorted(std::vector<std::string> keys) {
  std::ranges::sort(keys);
  const auto rest = std::ranges::unique(keys);
  keys.erase(rest.begin(), rest.end());
  return keys;
}

}  // namespace

std::optional<SecretArn> parse_secret_arn(std::string_view text) {
  if (text.size() > 2048) return std::nullopt;
  // A name never holds a colon, so there are exactly seven fields.
  const auto fields = split(text, ':');
  if (fields.size() != 7 || fields[0] != "arn" || !fields[1].starts_with("aws") ||
      fields[2] != "secretsmanager" || fields[5] != "secret") {
    return std::nullopt;
  }
  const bool account = fields[4].size() == 12 && is_digits(fields[4]);
  if (!valid_region(fields[3]) || !account || !valid_secret_name(fields[6])) return std::nullopt;
  return SecretArn{std::string(fields[3]), std::string(fields[4]), std::string(fields[6])};
}

bool valid_secret_name(std::string_view name) {
  // 512, and a suffix where it is the resource of an ARN.
  return !name.empty() && name.size() <= 512 + 1 + suffix_size &&
         std::ranges::all_of(
             name, [](char c) { return is_alnum(c) || std::string_view("/_+=.@-!").contains(c); });
}

std::optional<std::string_view> without_suffix(std::string_view resource) {
  if (resource.size() < suffix_size + 2) return std::nullopt;
  const auto dash = resource.size() - suffix_size - 1;
  if (resource[dash] != '-' || !std::ranges::all_of(resource.substr(dash + 1), is_alnum))
    return std::nullopt;
  return resource.substr(0, dash);
}

bool means(std::string_view path, std::string_view arn, std::string_view name) {
  return path == arn || path == name || without_suffix(arn) == path;
}

std::vector<std::string> binding_keys(std::string_view region, std::string_view path) {
  const auto arn = parse_secret_arn(path);
  if (!arn) return sorted({key(region, any, path), key(any, any, path)});
  std::vector<std::string> keys;
  const auto stem = without_suffix(arn->resource);
  for (const auto name : {std::optional<std::string_view>(arn->resource), stem}) {
    if (!name) continue;
    keys.push_back(key(arn->region, arn->account, *name));
    keys.push_back(key(arn->region, unknown, *name));
    keys.push_back(key(any, any, *name));
  }
  return sorted(std::move(keys));
}

HintKeys::HintKeys(std::string_view region, bool all_regions)
    : all_regions_(all_regions || !valid_region(region)) {
  if (!all_regions_) region_ = region;
}

void HintKeys::add_name(std::string_view region, std::string_view account, std::string_view name) {
  if (all_regions_) {
    keys_.push_back(key(any, any, name));
    return;
  }
  keys_.push_back(key(region, account, name));
  keys_.push_back(key(region, any, name));
}

void HintKeys::add(std::string_view id) {
  if (id.empty() || ++ids_ > max_ids) return;
  if (const auto arn = parse_secret_arn(id)) {
    account_ = arn->account;
    add_name(arn->region, arn->account, arn->resource);
    if (const auto stem = without_suffix(arn->resource)) add_name(arn->region, arn->account, *stem);
  } else if (valid_secret_name(id)) {
    names_.emplace_back(id);
  }
}

std::vector<std::string> HintKeys::take() && {
  const std::string_view account = account_.empty() ? unknown : std::string_view(account_);
  for (const auto& name : names_) add_name(region_, account, name);
  return sorted(std::move(keys_));
}

}  // namespace edsm::cloud::aws
