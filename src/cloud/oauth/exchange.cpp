#include "cloud/oauth/exchange.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::oauth {
namespace {

using base::Failure;

constexpr int max_attempts = 3;
constexpr base::Duration max_wish = std::chrono::seconds(5);

struct Row {
  std::string_view code;
  Failure failure;
};

constexpr auto table = std::to_array<Row>({
    {"internal_failure", Failure::transient},
    {"server_error", Failure::transient},
    {"temporarily_unavailable", Failure::transient},
    {"ABORTED", Failure::transient},
    {"DEADLINE_EXCEEDED", Failure::transient},
    {"INTERNAL", Failure::transient},
    {"UNAVAILABLE", Failure::transient},

    {"RESOURCE_EXHAUSTED", Failure::throttled},
    {"rate_limit_exceeded", Failure::throttled},

    {"access_denied", Failure::refused},
    {"PERMISSION_DENIED", Failure::refused},

    {"NOT_FOUND", Failure::absent},
});

Failure classify(std::string_view code, int status) {
  const auto row = std::ranges::find(table, code, &Row::code);
  if (row != table.end()) return row->failure;
  if (status == 429) return Failure::throttled;
  if (status >= 500 || status == 408) return Failure::transient;
  if (status == 403) return Failure::refused;
  if (status == 404) return Failure::absent;
  return Failure::credentials;
}

/// It ends up in log lines and metrics, whoever answered.
bool is_code(std::string_view text) {
  return !text.empty() && text.size() <= 64 &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '_'; });
}

/// What the service says to people, in a length that is fit to be shown and without anything that
/// could be (a part of) a token: these are long words.
std::string readable(std::string_view description) {
  constexpr std::size_t max_text = 300;
  constexpr std::size_t max_word = 36;
  const auto in_word = [](char c) { return is_alnum(c) || std::string_view("_-+.=~").contains(c); };
  std::string text;
  while (!description.empty() && text.size() < max_text) {
    const auto end = std::ranges::find_if_not(description, in_word);
    const auto length = static_cast<std::size_t>(end - description.begin());
    text += length > max_word ? std::string_view("[...]") : description.substr(0, length);
    description.remove_prefix(length);
    if (description.empty()) break;
    const char c = description.front();
    text += c >= ' ' && c <= '~' ? c : ' ';
    description.remove_prefix(1);
  }
  return std::string(trim(text));
}

struct Said {
  std::string code;
  std::string text;
};

Said said_by(const net::Response& response) {
  const auto document = base::JsonDocument::parse(response.body.view());
  if (!document) return {};
  const auto& root = document->root();
  // Some services put the code of a passing failure where the text belongs.
  const auto description = base::string_at(root, "error_description");
  const bool passing = classify(description, 400) == Failure::transient;
  for (const std::string_view code :
       {passing ? description : std::string_view(), base::string_at(root, "error"),
        base::string_at(root, "error.status")}) {
    if (!is_code(code)) continue;
    const auto message = base::string_at(root, "error.message");
    return {std::string(code), readable(description.empty() ? message : description)};
  }
  return {};
}

/// As a number or in digits.
std::optional<std::int64_t> number_at(const boost::json::value& json, std::string_view name) {
  const auto number = base::int_at(json, name);
  return number ? number : parse_number(base::string_at(json, name));
}

std::int64_t epoch_seconds(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool may_pass(const base::Result<net::Response>& answer) {
  if (!answer) return answer.error().retryable();
  if (answer->status == 200) return false;
  const auto failure = classify(said_by(*answer).code, answer->status);
  return failure == Failure::transient || failure == Failure::throttled;
}

}  // namespace

base::Duration pause_before(int attempt, std::uint64_t random) {
  const base::Duration whole =
      std::chrono::seconds(std::int64_t{1} << std::clamp(attempt - 2, 0, 6));
  const auto span = static_cast<std::uint64_t>(whole.count() / 5) + 1;
  return whole - whole / 10 + base::Duration(static_cast<std::int64_t>(random % span));
}

base::Task<base::Result<net::Response>> TokenService::post(Exchange exchange) {
  for (int attempt = 1;; ++attempt) {
    net::Request request(net::Method::post, exchange.url);
    request.headers.add("Content-Type", exchange.content_type);
    request.headers.add("Accept", "application/json");
    for (const auto& [name, value] : exchange.headers) request.headers.add(name, value);
    request.body = exchange.body.clone();
    request.timeout = std::chrono::seconds(10);
    request.max_body = std::size_t{64} << 10U;
    request.confidential = true;
    auto answer = co_await http_.send(std::move(request));
    if (attempt >= max_attempts || !may_pass(answer)) co_return answer;
    base::Duration wait = pause_before(attempt + 1, clock_.random());
    if (answer) {
      const auto wish = net::retry_after(answer->headers);
      if (wish) wait = std::clamp(base::Duration(*wish), wait, wait + max_wish);
    }
    co_await clock_.sleep_for(wait);
  }
}

Form& Form::add(std::string_view name, std::string_view value) {
  if (!bytes_.empty()) bytes_.push_back('&');
  bytes_.append(name);
  bytes_.push_back('=');
  // Chunks keep a token from lying around in one unwiped piece of its full length.
  constexpr std::size_t chunk = 8;
  for (std::size_t at = 0; at < value.size(); at += chunk) {
    bytes_.append(net::percent_encode(value.substr(at, chunk)));
  }
  return *this;
}

base::Error error_of(const net::Response& response, std::string_view what) {
  Said said = said_by(response);
  base::Error error;
  error.failure = classify(said.code, response.status);
  error.code = said.code.empty() ? fmt::format("Http{}", response.status) : std::move(said.code);
  error.text = fmt::format("{} was answered with HTTP {}", what, response.status);
  if (!said.text.empty()) error.text += fmt::format(" (\"{}\")", said.text);
  error.retry_after = net::retry_after(response.headers);
  return error;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

base::Result<Token> parse_token(std::string_view json, base::WallTime asked,
                                std::string_view what) {
  const auto malformed = [&what](std::string_view why) {
    return base::fail(Failure::credentials, "MalformedToken",
                      fmt::format("{} was answered {}; is a proxy in between?", what, why));
  };
  const auto document = base::JsonDocument::parse(json);
  if (!document) return malformed("with something that is not JSON");
  const auto& root = document->root();
  const auto token = base::string_at(root, "access_token");
  if (!is_token(token)) return malformed("without an access_token");
  const auto type = base::string_at(root, "token_type");
  if (!type.empty() && !same_ignoring_case(type, "Bearer")) {
    return malformed("with a token_type that is not Bearer");
  }
  auto seconds = number_at(root, "expires_in");
  const auto until = number_at(root, "expires_on");
  if (!seconds && until) seconds = std::max<std::int64_t>(*until - epoch_seconds(asked), 0);
  constexpr std::int64_t day = 86'400;
  if (!seconds || *seconds < 0) return malformed("without a readable expires_in");
  Token result;
  result.value.append(token);
  result.expires = asked + std::chrono::seconds(std::min(*seconds, day));
  return result;
}

}  // namespace edsm::cloud::oauth
