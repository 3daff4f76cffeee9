#include "sync/json_slice.hpp"

#include <algorithm>
#include <utility>

#include "base/json.hpp"

namespace edsm::sync {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Walks over text that a real parser has found valid, so it only needs to find where things end.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  void skip_space() { at_ = std::min(text_.find_first_not_of(kSpace, at_), text_.size()); }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() { ++at_; }

  std::string_view take_value() {
    const std::size_t start = at_;
    if (peek() == '"') {
      skip_string();
    } else if (peek() == '{' || peek() == '[') {
      skip_nested();
    } else {
      at_ = std::min(text_.find_first_of(",]} \t\r\n", at_), text_.size());
    }
    return text_.substr(start, at_ - start);
  }

 private:
  void skip_string() {
    for (++at_; text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    ++at_;
  }
  void skip_nested() {
    int depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      if (c == '{' || c == '[') ++depth;
      if (c == '}' || c == ']') --depth;
      ++at_;
    } while (depth > 0);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

base::SecretBytes decode_string(std::string_view quoted) {
  const std::string_view inside = quoted.substr(1, quoted.size() - 2);
  if (!inside.contains('\\')) return base::SecretBytes(inside);
  const auto document = base::JsonDocument::parse(quoted);
  const auto& decoded = document->root().get_string();
  return base::SecretBytes({decoded.data(), decoded.size()});
}

std::string_view name_of(const Slice& slice) {
  return slice.name.view();
}

}  // namespace

bool looks_like_object(std::string_view text) {
  const auto first = text.find_first_not_of(kSpace);
  return first != std::string_view::npos && text[first] == '{';
}

base::Result<Slices> object_members(std::string_view text) {
  {
    const auto judged = base::JsonDocument::parse(text);
    if (!judged || !judged->root().is_object()) {
      return base::fail(base::Failure::invalid, "NotJSON", "the value is not a valid JSON object");
    }
  }
  Slices members;
  Scanner scanner(text);
  scanner.skip_space();
  scanner.skip();  // {
  for (scanner.skip_space(); scanner.peek() != '}'; scanner.skip_space()) {
    if (scanner.peek() == ',') {
      scanner.skip();
      scanner.skip_space();
    }
    auto name = decode_string(scanner.take_value());
    scanner.skip_space();
    scanner.skip();  // :
    scanner.skip_space();
    const auto value = scanner.take_value();
    members.push_back({std::move(name), value});
  }
  std::ranges::sort(members, {}, [](const Slice& each) {
    return std::pair(name_of(each), each.text.data());  // of equal names, in the order of the text
  });
  // From behind, so that the last one of them stays.
  const auto same_name = [](const Slice& a, const Slice& b) { return name_of(a) == name_of(b); };
  const auto rest = std::unique(members.rbegin(), members.rend(), same_name);
  members.erase(members.begin(), rest.base());
  return members;
}

const Slice* find_member(const Slices& members, std::string_view name) {
  const auto found = std::ranges::lower_bound(members, name, {}, &name_of);
  return found == members.end() || name_of(*found) != name ? nullptr : &*found;
}

base::SecretBytes plain_bytes(std::string_view text) {
  if (text.starts_with('"')) return decode_string(text);
  if (text == "null") return {};
  return base::SecretBytes(text);
}

}  // namespace edsm::sync
