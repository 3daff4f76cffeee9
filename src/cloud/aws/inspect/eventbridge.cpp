#include "cloud/aws/inspect/eventbridge.hpp"

#include "base/json_writer.hpp"

namespace edsm::cloud::aws {
namespace {

using base::string_at;

constexpr std::size_t max_pages = 10;

Rule read_rule(const boost::json::value& json) {
  return {std::string(string_at(json, "Name")), std::string(string_at(json, "Arn")),
          std::string(string_at(json, "EventPattern")),
          string_at(json, "State").starts_with("ENABLED")};
}

RuleTarget read_target(const boost::json::value& json) {
  return {
      std::string(string_at(json, "Id")), std::string(string_at(json, "Arn")),
      std::string(string_at(json, "InputPath")),
      !string_at(json, "Input").empty() || base::object_at(json, "InputTransformer") != nullptr};
}

/// All pages of a list; `member` and its text are the question, empty: none.
base::Task<base::Result<std::vector<base::JsonDocument>>> pages(Client& client,
                                                                std::string operation,
                                                                std::string member,
                                                                std::string text) {
  std::vector<base::JsonDocument> all;
  std::string token;
  do {
    base::JsonWriter json;
    json.begin_object();
    if (!member.empty()) json.member(member, text);
    if (!token.empty()) json.member("NextToken", token);
    auto body = std::move(json.end_object()).take();
    auto page = co_await client.call(operation, std::move(body));
    if (!page) co_return std::unexpected(std::move(page.error()));
    token = string_at(page->root(), "NextToken");
    all.push_back(std::move(*page));
  } while (!token.empty() && all.size() < max_pages);
  co_return all;
}

template <class T, class Read>
std::vector<T> collect(const std::vector<base::JsonDocument>& pages, std::string_view list,
                       Read read) {
  std::vector<T> all;
  for (const auto& page : pages) {
    const auto* const items = base::array_at(page.root(), list);
    if (items == nullptr) continue;
    for (const auto& item : *items) all.push_back(read(item));
  }
  return all;
}

}  // namespace

base::Task<base::Result<std::vector<std::string>>> EventBridge::rule_names(std::string target_arn) {
  const auto found = co_await pages(*client_, "ListRuleNamesByTarget", "TargetArn", target_arn);
  if (!found) co_return std::unexpected(found.error());
  co_return collect<std::string>(*found, "RuleNames", [](const boost::json::value& name) {
    const auto* const text = name.if_string();
    return text == nullptr ? std::string() : std::string(text->data(), text->size());
  });
}

base::Task<base::Result<Rule>> EventBridge::rule(std::string name) {
  base::JsonWriter json;
  json.begin_object().member("Name", name).end_object();
  auto body = std::move(json).take();
  const auto answer = co_await client_->call("DescribeRule", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  co_return read_rule(answer->root());
}

base::Task<base::Result<std::vector<Rule>>> EventBridge::rules() {
  const auto found = co_await pages(*client_, "ListRules", "", "");
  if (!found) co_return std::unexpected(found.error());
  co_return collect<Rule>(*found, "Rules", read_rule);
}

base::Task<base::Result<std::vector<RuleTarget>>> EventBridge::targets(std::string rule) {
  const auto found = co_await pages(*client_, "ListTargetsByRule", "Rule", rule);
  if (!found) co_return std::unexpected(found.error());
  co_return collect<RuleTarget>(*found, "Targets", read_target);
}

base::Task<base::Result<bool>> EventBridge::test(std::string pattern, std::string event) {
  base::JsonWriter json;
  json.begin_object().member("EventPattern", pattern).member("Event", event).end_object();
  auto body = std::move(json).take();
  const auto answer = co_await client_->call("TestEventPattern", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  const auto result = base::bool_at(answer->root(), "Result");
  if (!result) {
    co_return base::fail(base::Failure::transient, "MalformedAnswer",
                         "events TestEventPattern was answered without a result");
  }
  co_return *result;
}

}  // namespace edsm::cloud::aws
