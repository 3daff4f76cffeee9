#include "cloud/gcp/names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

constexpr std::size_t max_text = 2048;
constexpr std::string_view service_prefix = "//secretmanager.googleapis.com/";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_word(char c) {
  return is_alnum(c) || c == '-' || c == '_';
}

}  // namespace

std::string SecretName::resource() const {
  if (location == global) return fmt::format("projects/{}/secrets/{}", project, secret);
  return fmt::format("projects/{}/locations/{}/secrets/{}", project, location, secret);
}

std::optional<SecretName> parse_secret_name(std::string_view text) {
  if (text.starts_with(service_prefix)) text.remove_prefix(service_prefix.size());
  if (text.size() > max_text) return std::nullopt;
  auto parts = split(text, '/');
  if (parts.size() < 4 || parts[0] != "projects" || !valid_project(parts[1])) return std::nullopt;
  SecretName name;
  name.project = parts[1];
  if (parts[2] == "locations") {
    if (!valid_location(parts[3])) return std::nullopt;
    name.location = parts[3];
    parts.erase(parts.begin() + 2, parts.begin() + 4);
  }
  const bool with_version = parts.size() == 6 && parts[4] == "versions" && valid_version(parts[5]);
  if ((parts.size() != 4 && !with_version) || parts[2] != "secrets" || !valid_secret_id(parts[3]))
    return std::nullopt;
  name.secret = parts[3];
  if (with_version) name.version = parts[5];
  return name;
}

std::optional<SecretName> parse_short_name(std::string_view text) {
  if (text.size() > max_text) return std::nullopt;
  const auto parts = split(text, '/');
  SecretName name;
  name.secret = parts[0];
  if (!valid_secret_id(parts[0])) return std::nullopt;
  if (parts.size() == 1) return name;
  if (parts.size() != 3 || parts[1] != "versions" || !valid_version(parts[2])) return std::nullopt;
  name.version = parts[2];
  return name;
}

std::string path_to(std::string_view resource) {
  std::string path = "/v1";
  for (const auto part : split(resource, '/')) path += "/" + net::percent_encode(part);
  return path;
}

bool valid_project(std::string_view text) {
  if (text.empty() || text.size() > 63) return false;
  if (is_project_number(text)) return true;
  return is_lower(text.front()) && std::ranges::all_of(text, [](char c) {
           return is_lower(c) || is_digit(c) || c == '-' || c == '.' || c == ':';
         });
}

bool is_project_number(std::string_view project) {
  return project.size() <= 20 && is_digits(project);
}

bool valid_location(std::string_view text) {
  return !text.empty() && text.size() <= 32 && is_lower(text.front()) && text.back() != '-' &&
         std::ranges::all_of(text, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool valid_secret_id(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::ranges::all_of(text, is_word);
}

bool is_version_number(std::string_view text) {
  return text.size() <= 19 && is_digits(text) && text.front() != '0';
}

bool valid_version(std::string_view text) {
  if (is_version_number(text)) return true;
  return !text.empty() && text.size() <= 63 && !is_digit(text.front()) && text.front() != '-' &&
         text.front() != '_' && std::ranges::all_of(text, is_word);
}

}  // namespace edsm::cloud::gcp
