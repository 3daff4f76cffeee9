#include "net/http.hpp"

#include <algorithm>
#include <charconv>

namespace edsm::net {
namespace {

/// Nobody can make us wait for ever.
constexpr std::chrono::milliseconds longest_wait = std::chrono::hours(1);

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
  }
  return "GET";
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back({std::string(name), std::string(value)});
}

void Headers::set(std::string_view name, std::string_view value) {
  // Built first: the arguments may be views into a field that is about to be removed.
  Header field{std::string(name), std::string(value)};
  std::erase_if(fields_, [&](const Header& old) { return same_name(old.name, field.name); });
  fields_.push_back(std::move(field));
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  const auto field =
      std::ranges::find_if(fields_, [&](const Header& each) { return same_name(each.name, name); });
  if (field == fields_.end()) return std::nullopt;
  return field->value;
}

std::optional<std::chrono::milliseconds> retry_after(const Headers& headers) {
  const auto field = headers.find("Retry-After");
  if (!field) return std::nullopt;
  const std::string_view text = trim(*field);
  std::uint32_t seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || at != end) return std::nullopt;
  return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), longest_wait);
}

}  // namespace edsm::net
