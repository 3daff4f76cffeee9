#include "kube/token_access.hpp"

#include <utility>

#include "base/json.hpp"
#include "base/json_writer.hpp"

namespace edsm::kube {
namespace {

/// Whoever scrapes waits for ten seconds, as a rule, and two questions are asked.
constexpr base::Duration kTimeout = std::chrono::seconds(4);
/// A flood of wrong tokens must not become one of reviews.
constexpr std::size_t kMostUnderWay = 8;
constexpr std::size_t kKeySize = 32;

void write_strings(base::JsonWriter& json, const boost::json::array& strings) {
  json.begin_array();
  for (const auto& item : strings) {
    if (item.is_string()) json.string(item.get_string());
  }
  json.end_array();
}

struct Counted {
  std::size_t& count;
  base::Notify& ended;
  Counted(std::size_t& count_, base::Notify& ended_) : count(count_), ended(ended_) { ++count; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;
  ~Counted() {
    --count;
    ended.notify();
  }
};

}  // namespace

base::SecretBytes token_review(std::string_view token) {
  base::JsonWriter json;
  json.begin_object().member("apiVersion", kTokenReviews.api_version());
  json.member("kind", kTokenReviews.kind);
  json.key("spec").begin_object().member("token", token).end_object();
  json.end_object();
  return std::move(json).take();
}

base::SecretBytes path_review(const boost::json::value& user, std::string_view path) {
  base::JsonWriter json;
  json.begin_object().member("apiVersion", kAccessReviews.api_version());
  json.member("kind", kAccessReviews.kind);
  json.key("spec").begin_object();
  json.member("user", base::string_at(user, "username"));
  const auto uid = base::string_at(user, "uid");
  if (!uid.empty()) json.member("uid", uid);
  if (const auto* const groups = base::array_at(user, "groups")) {
    json.key("groups");
    write_strings(json, *groups);
  }
  if (const auto* const extra = base::object_at(user, "extra")) {
    json.key("extra").begin_object();
    for (const auto& [name, values] : *extra) {
      if (!values.is_array()) continue;
      json.key(name);
      write_strings(json, values.get_array());
    }
    json.end_object();
  }
  json.key("nonResourceAttributes").begin_object();
  json.member("path", path).member("verb", "get").end_object();
  json.end_object().end_object();
  return std::move(json).take();
}

TokenAccess::TokenAccess(Api api, base::Clock& clock, std::string path)
    : api_(api.with_timeout(kTimeout)),
      clock_(clock),
      path_(std::move(path)),
      verdicts_(base::random_bytes(kKeySize)) {}

base::Task<base::Result<Verdict>> TokenAccess::judge(base::SecretBytes token) {
  const auto known = verdicts_.find(token.view(), clock_.now());
  if (known) co_return *known;
  if (under_way_ >= kMostUnderWay) {
    co_return base::fail(base::Failure::throttled, "TooManyReviews",
                         "too many tokens are being checked just now");
  }
  const Counted counted(under_way_, ended_);
  // From before the question on: the answer is no younger.
  const auto asked = clock_.now();
  auto verdict = co_await review(token.view());
  if (verdict) verdicts_.remember(token.view(), *verdict, asked);
  co_return verdict;
}

base::Task<base::Result<Verdict>> TokenAccess::review(std::string_view token) {
  auto body = token_review(token);
  const auto answer = co_await api_.create(kTokenReviews, "", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  const auto& root = answer->root();
  const auto* const user = base::find_path(root, "status.user");
  const bool known = base::bool_at(root, "status.authenticated").value_or(false) &&
                     user != nullptr && !base::string_at(*user, "username").empty();
  if (!known) co_return Verdict::unknown;
  auto verdict = co_await authorise(*user);
  co_return verdict;
}

base::Task<base::Result<Verdict>> TokenAccess::authorise(const boost::json::value& user) {
  auto body = path_review(user, path_);
  const auto answer = co_await api_.create(kAccessReviews, "", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  const bool allowed = base::bool_at(answer->root(), "status.allowed").value_or(false) &&
                       !base::bool_at(answer->root(), "status.denied").value_or(false);
  co_return allowed ? Verdict::allowed : Verdict::forbidden;
}

base::Task<void> TokenAccess::idle() {
  while (under_way_ != 0) co_await ended_.wait();
}

}  // namespace edsm::kube
