#include "cloud/aws/inspect/trails.hpp"

#include <algorithm>

#include "base/json_writer.hpp"

namespace edsm::cloud::aws {
namespace {

using base::string_at;
using boost::json::value;

bool has(const boost::json::array* texts, std::string_view wanted) {
  return texts != nullptr && std::ranges::any_of(*texts, [wanted](const value& each) {
           return each.is_string() &&
                  each.get_string() == boost::json::string_view(wanted.data(), wanted.size());
         });
}

bool basic_selects(const value& selector) {
  return base::bool_at(selector, "IncludeManagementEvents").value_or(true) &&
         string_at(selector, "ReadWriteType") != "ReadOnly";
}

/// All fields of an advanced selector have to hold.
bool advanced_selects(const value& selector) {
  const auto* const fields = base::array_at(selector, "FieldSelectors");
  if (fields == nullptr) return false;
  bool management = false;
  for (const auto& field : *fields) {
    const auto name = string_at(field, "Field");
    const auto* const equals = base::array_at(field, "Equals");
    if (name == "eventCategory") management = has(equals, "Management");
    if (name == "readOnly" && !has(equals, "false")) return false;
    const std::string_view service = "secretsmanager.amazonaws.com";
    if (name != "eventSource") continue;
    if (equals != nullptr && !has(equals, service)) return false;
    if (has(base::array_at(field, "NotEquals"), service)) return false;
  }
  return management;
}

}  // namespace

bool selects_management_writes(const value& answer) {
  if (const auto* const advanced = base::array_at(answer, "AdvancedEventSelectors");
      advanced != nullptr && !advanced->empty()) {
    return std::ranges::any_of(*advanced, advanced_selects);
  }
  // Without any selector a trail logs all management events.
  const auto* const basic = base::array_at(answer, "EventSelectors");
  return basic == nullptr || basic->empty() || std::ranges::any_of(*basic, basic_selects);
}

base::Task<base::Result<base::JsonDocument>> Trails::ask(std::string operation, std::string member,
                                                         std::string arn) {
  base::JsonWriter json;
  json.begin_object();
  if (!member.empty()) json.member(member, arn);
  auto body = std::move(json.end_object()).take();
  auto answer = co_await client_->call(std::move(operation), std::move(body));
  co_return answer;
}

base::Task<base::Result<std::vector<Trail>>> Trails::covering() {
  const auto list = co_await ask("DescribeTrails", "", "");
  if (!list) co_return std::unexpected(list.error());
  std::vector<Trail> trails;
  const auto* const described = base::array_at(list->root(), "trailList");
  if (described == nullptr) co_return trails;
  for (const auto& each : *described) {
    const bool here = string_at(each, "HomeRegion") == client_->region();
    if (!here && !base::bool_at(each, "IsMultiRegionTrail").value_or(false)) continue;
    Trail trail;
    trail.name = string_at(each, "Name");
    trail.arn = string_at(each, "TrailARN");
    const auto status = co_await ask("GetTrailStatus", "Name", trail.arn);
    if (!status) co_return std::unexpected(status.error());
    trail.logging = base::bool_at(status->root(), "IsLogging").value_or(false);
    const auto selectors = co_await ask("GetEventSelectors", "TrailName", trail.arn);
    if (!selectors) co_return std::unexpected(selectors.error());
    trail.management_writes = selects_management_writes(selectors->root());
    trails.push_back(std::move(trail));
  }
  co_return trails;
}

}  // namespace edsm::cloud::aws
