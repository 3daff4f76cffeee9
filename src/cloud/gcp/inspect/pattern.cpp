#include <algorithm>
#include <vector>

#include "cloud/gcp/inspect/filter.hpp"

namespace edsm::cloud::gcp {
namespace {

/// So many texts may come out of a pattern's alternatives.
constexpr std::size_t max_texts = 200;

/// At the parenthesis that closes the one at `open`, or the end.
std::size_t closing(std::string_view pattern, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '(') {
      ++depth;
    } else if (pattern[i] == ')' && --depth == 0) {
      return i;
    }
  }
  return pattern.size();
}

std::vector<std::string> alternatives(std::string_view pattern) {
  std::vector<std::string> found;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      ++i;
    } else if (pattern[i] == '(') {
      i = closing(pattern, i);
    } else if (pattern[i] == '|') {
      found.emplace_back(pattern.substr(begin, i - begin));
      begin = i + 1;
    }
  }
  found.emplace_back(pattern.substr(begin));
  return found;
}

/// All that the pattern's alternatives can be, without parentheses. False: too many, or not closed.
bool expand(const std::string& pattern, std::vector<std::string>& out) {
  const auto choices = alternatives(pattern);
  if (choices.size() > 1) {
    for (const auto& choice : choices) {
      if (!expand(choice, out)) return false;
    }
    return true;
  }
  std::size_t open = 0;
  while (open < pattern.size() && pattern[open] != '(') open += pattern[open] == '\\' ? 2 : 1;
  if (open >= pattern.size()) {
    out.push_back(pattern);
    return out.size() <= max_texts;
  }
  const auto end = closing(pattern, open);
  if (end == pattern.size()) return false;
  auto inner = std::string_view(pattern).substr(open + 1, end - open - 1);
  if (inner.starts_with("?:")) inner.remove_prefix(2);
  // What is repeated as a whole is beyond this.
  const bool repeated =
      end + 1 < pattern.size() && std::string_view("*+?{").contains(pattern[end + 1]);
  if (repeated) return false;
  for (const auto& choice : alternatives(inner)) {
    if (!expand(pattern.substr(0, open) + choice + pattern.substr(end + 1), out)) return false;
  }
  return true;
}

/// One character, or any number of any.
struct Piece {
  char c = 0;
  bool any = false;   ///< whatever character
  bool many = false;  ///< any number of it; only of `any`
};

struct Plain {
  bool from_start = false;
  bool to_end = false;
  std::vector<Piece> pieces;
};

std::optional<Plain> read_plain(std::string_view text) {
  Plain plain;
  if (text.starts_with('^')) {
    plain.from_start = true;
    text.remove_prefix(1);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '$' && next == '\0') {
      plain.to_end = true;
    } else if (c == '\\') {
      const bool letter = (next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z');
      if (next == '\0' || letter || (next >= '0' && next <= '9')) return std::nullopt;
      plain.pieces.push_back({next});
      ++i;
    } else if (c == '.' && (next == '*' || next == '+')) {
      if (next == '+') plain.pieces.push_back({.any = true});
      plain.pieces.push_back({.any = true, .many = true});
      ++i;
    } else if (std::string_view("[]{}*+?^$").contains(c)) {
      return std::nullopt;
    } else {
      const bool counted = next == '*' || next == '+' || next == '?' || next == '{';
      if (counted) return std::nullopt;
      plain.pieces.push_back({.c = c, .any = c == '.'});
    }
  }
  // Each may take any length: few are quick to try.
  const auto many = std::ranges::count(plain.pieces, true, &Piece::many);
  if (many > 4) return std::nullopt;
  return plain;
}

bool fits_here(const Plain& plain, std::size_t piece, std::string_view text) {
  for (; piece < plain.pieces.size(); ++piece) {
    const auto& wanted = plain.pieces[piece];
    if (wanted.many) {
      for (std::size_t skipped = 0; skipped <= text.size(); ++skipped) {
        if (fits_here(plain, piece + 1, text.substr(skipped))) return true;
      }
      return false;
    }
    if (text.empty() || (!wanted.any && text.front() != wanted.c)) return false;
    text.remove_prefix(1);
  }
  return !plain.to_end || text.empty();
}

bool fits_plain(const Plain& plain, std::string_view text) {
  const auto last = plain.from_start ? 0 : text.size();
  for (std::size_t start = 0; start <= last; ++start) {
    if (fits_here(plain, 0, text.substr(start))) return true;
  }
  return false;
}

}  // namespace

Passes fits(std::string_view pattern, std::string_view text) {
  std::vector<std::string> texts;
  if (pattern.size() > 4096 || !expand(std::string(pattern), texts)) return Passes::unclear;
  auto found = Passes::no;
  for (const auto& each : texts) {
    const auto plain = read_plain(each);
    // One that cannot be read may fit, whatever the others do.
    if (!plain) {
      found = Passes::unclear;
    } else if (fits_plain(*plain, text)) {
      return Passes::yes;
    }
  }
  return found;
}

}  // namespace edsm::cloud::gcp
