#include "cloud/gcp/inspect/filter.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "cloud/text.hpp"

namespace edsm::cloud::gcp {
namespace {

constexpr int max_depth = 64;

struct Token {
  enum class Kind : std::uint8_t { word, text, sign, end };
  Kind kind = Kind::end;
  std::string text;
  bool is(std::string_view sign) const { return kind == Kind::sign && text == sign; }
  bool is_word(std::string_view word) const { return kind == Kind::word && text == word; }
};

bool in_word(char c) {
  return is_alnum(c) || std::string_view("._-/@%*+$").contains(c) ||
         static_cast<signed char>(c) < 0;
}

/// nullopt: it is not closed, or has what no filter has.
std::optional<std::vector<Token>> read_tokens(std::string_view text) {
  std::vector<Token> tokens;
  std::size_t i = 0;
  const auto quoted = [&]() -> std::optional<std::string> {
    std::string inner;
    for (++i; i < text.size() && text[i] != '"'; ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) {
        // Of a regular expression the backslash belongs to it.
        if (text[i + 1] != '"' && text[i + 1] != '\\') inner += '\\';
        ++i;
      }
      inner += text[i];
    }
    if (i == text.size()) return std::nullopt;
    ++i;
    return inner;
  };
  while (i < text.size()) {
    const auto rest = text.substr(i);
    if (std::string_view(" \t\r\n").contains(rest.front())) {
      ++i;
    } else if (rest.starts_with("--")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (rest.front() == '"') {
      auto inner = quoted();
      if (!inner) return std::nullopt;
      tokens.push_back({Token::Kind::text, std::move(*inner)});
    } else if (rest.front() == '-') {
      tokens.push_back({Token::Kind::sign, "-"});
      ++i;
    } else if (in_word(rest.front())) {
      std::string word;
      while (i < text.size() && in_word(text[i])) {
        word += text[i++];
        // protoPayload."@type"
        if (word.ends_with('.') && i < text.size() && text[i] == '"') {
          auto inner = quoted();
          if (!inner) return std::nullopt;
          word += *inner;
        }
      }
      tokens.push_back({Token::Kind::word, std::move(word)});
    } else {
      std::string sign(1, rest.front());
      for (const std::string_view two : {"!=", "=~", "!~", "<=", ">="}) {
        if (rest.starts_with(two)) sign = two;
      }
      if (sign.size() == 1 && !std::string_view("():=<>,").contains(sign)) return std::nullopt;
      i += sign.size();
      tokens.push_back({Token::Kind::sign, std::move(sign)});
    }
  }
  tokens.emplace_back();
  return tokens;
}

Passes from(bool yes) {
  return yes ? Passes::yes : Passes::no;
}
Passes not_of(Passes passes) {
  if (passes == Passes::unclear) return passes;
  return from(passes == Passes::no);
}
Passes both(Passes a, Passes b) {
  if (a == Passes::no || b == Passes::no) return Passes::no;
  return a == Passes::yes ? b : a;
}
Passes either(Passes a, Passes b) {
  return not_of(both(not_of(a), not_of(b)));
}

bool contains(std::string_view text, std::string_view part) {
  return lower(text).contains(lower(part));
}

/// Evaluates while it reads. OR binds more tightly than AND, as in Logging; Pub/Sub takes no
/// mixture.
class Reader {
 public:
  Reader(std::vector<Token> tokens, const Fields& fields)
      : tokens_(std::move(tokens)), fields_(fields) {}

  Passes whole() {
    const auto passes = all();
    return failed_ || token().kind != Token::Kind::end ? Passes::unclear : passes;
  }

 private:
  const Token& token() const { return tokens_[at_]; }
  Token take() {
    const auto taken = token();
    if (taken.kind != Token::Kind::end) ++at_;
    return taken;
  }
  bool skip(std::string_view sign) {
    if (!token().is(sign)) return false;
    ++at_;
    return true;
  }
  bool skip_word(std::string_view word) {
    if (!token().is_word(word)) return false;
    ++at_;
    return true;
  }
  Passes fail() {
    failed_ = true;
    at_ = tokens_.size() - 1;
    return Passes::unclear;
  }
  bool at_end() const { return token().kind == Token::Kind::end || token().is(")"); }

  Passes all() {
    auto passes = any();
    while (!at_end()) {
      skip_word("AND");
      passes = both(passes, any());
    }
    return passes;
  }
  Passes any() {
    auto passes = one();
    while (skip_word("OR")) passes = either(passes, one());
    return passes;
  }
  Passes one() {
    if (++depth_ > max_depth) return fail();
    auto passes = Passes::unclear;
    if (skip_word("NOT") || skip("-")) {
      passes = not_of(one());
    } else if (skip("(")) {
      passes = all();
      if (!skip(")")) return fail();
    } else {
      passes = comparison();
    }
    --depth_;
    return passes;
  }

  Passes comparison() {
    const auto left = take();
    if (left.kind != Token::Kind::word && left.kind != Token::Kind::text) return fail();
    if (left.kind == Token::Kind::word && skip("(")) return function(left.text);
    const auto sign = token();
    constexpr std::string_view signs = " : = != =~ !~ < > <= >= ";
    const bool compares = sign.kind == Token::Kind::sign && signs.contains(" " + sign.text + " ");
    // Text alone is looked for everywhere in an entry.
    if (!compares) return Passes::unclear;
    ++at_;
    const auto path = left.text;
    return value_all(path, sign.text);
  }

  Passes function(const std::string& name) {
    const auto first = take();
    auto passes = Passes::unclear;
    if (name == "log_id") {
      const auto log = fields_("logName");
      std::string id;
      for (const char c : first.text) id += c == '/' ? std::string("%2F") : std::string(1, c);
      if (log.kind == Field::Kind::text) passes = from(log.text.ends_with("/logs/" + id));
    } else if (name == "hasPrefix" && skip(",")) {
      const auto prefix = take().text;
      const auto field = fields_(first.text);
      if (field.kind == Field::Kind::text) passes = from(field.text.starts_with(prefix));
      if (field.kind == Field::Kind::absent) passes = Passes::no;
    } else {
      return fail();
    }
    if (!skip(")")) return fail();
    return passes;
  }

  // One value, or in parentheses several with AND, OR and NOT between them.
  Passes value_all(const std::string& path, const std::string& sign) {
    if (++depth_ > max_depth) return fail();
    auto passes = Passes::unclear;
    if (skip_word("NOT")) {
      passes = not_of(value_all(path, sign));
    } else if (skip("(")) {
      passes = value_any(path, sign);
      while (!at_end()) {
        skip_word("AND");
        passes = both(passes, value_any(path, sign));
      }
      if (!skip(")")) return fail();
    } else {
      const bool negative = skip("-");  // of a number
      auto value = take();
      const bool proper = value.kind == Token::Kind::word || value.kind == Token::Kind::text;
      if (!proper) return fail();
      passes = compare(path, sign, (negative ? "-" : "") + value.text);
    }
    --depth_;
    return passes;
  }
  Passes value_any(const std::string& path, const std::string& sign) {
    auto passes = value_all(path, sign);
    while (skip_word("OR")) passes = either(passes, value_all(path, sign));
    return passes;
  }

  Passes compare(const std::string& path, const std::string& sign, const std::string& value) {
    if (path == "attributes" && sign == ":") {
      const auto field = fields_("attributes." + value);
      return field.kind == Field::Kind::unclear ? Passes::unclear
                                                : from(field.kind == Field::Kind::text);
    }
    const auto field = fields_(path);
    if (field.kind == Field::Kind::unclear) return Passes::unclear;
    const bool there = field.kind == Field::Kind::text;
    if (sign == "!=" || sign == "!~") {
      // What is not there is no text that could differ: in Logging it does not match, in Pub/Sub
      // it does.
      if (!there) return path.starts_with("attributes.") ? Passes::yes : Passes::no;
      return not_of(compare(path, sign == "!=" ? "=" : "=~", value));
    }
    if (!there) return Passes::no;
    if (sign == ":") return from(value == "*" || contains(field.text, value));
    if (sign == "=~") return fits(value, field.text);
    if (sign == "=") {
      return from(path.starts_with("attributes.") ? field.text == value
                                                  : same_ignoring_case(field.text, value));
    }
    const auto left = parse_number(field.text);
    const auto right = parse_number(value);
    if (!left || !right) return Passes::unclear;
    if (sign == "<") return from(*left < *right);
    if (sign == ">") return from(*left > *right);
    if (sign == "<=") return from(*left <= *right);
    return from(*left >= *right);
  }

  std::vector<Token> tokens_;
  const Fields& fields_;
  std::size_t at_ = 0;
  int depth_ = 0;
  bool failed_ = false;
};

}  // namespace

Passes passes(std::string_view filter, const Fields& fields) {
  auto tokens = read_tokens(filter);
  if (!tokens) return Passes::unclear;
  if (tokens->size() == 1) return Passes::yes;
  return Reader(std::move(*tokens), fields).whole();
}

}  // namespace edsm::cloud::gcp
