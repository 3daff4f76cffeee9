#include <algorithm>
#include <cstddef>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "sim/cluster/validation.hpp"

// kubernetes: pkg/apis/core/validation/events.go

namespace edsm::sim {
namespace {

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_qualified(std::string_view name) {
  if (name.empty() || !is_alphanumeric(name.front()) || !is_alphanumeric(name.back())) return false;
  return std::ranges::all_of(
      name, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

void check_controller(const Object& event, std::vector<Cause>& causes) {
  const std::string_view controller = text_of(event, "reportingController");
  if (controller.empty()) causes.push_back(required("reportingController"));
  const auto slash = controller.find('/');
  const auto name = slash == std::string_view::npos ? controller : controller.substr(slash + 1);
  const auto add = [&](std::string_view why) {
    causes.push_back(invalid_text("reportingController", controller, why));
  };
  if (name.empty()) add("name part must be non-empty");
  if (!is_qualified(name)) {
    add("name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
        "end "
        "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
        "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')");
  }
}

void check_words(const Object& event, std::vector<Cause>& causes) {
  const Object* const regarding = map_of(event, "regarding");
  const std::string_view ns = text_of(metadata_of(event), "namespace");
  const bool placed = regarding != nullptr && !text_of(*regarding, "namespace").empty();
  if (!placed && ns != "default" && ns != "kube-system") {
    causes.push_back(
        invalid_text("involvedObject.namespace", "", "does not match event.namespace"));
  }
  check_controller(event, causes);
  for (const std::string_view member : {"reportingInstance", "action", "reason"}) {
    const std::string_view text = text_of(event, member);
    if (text.empty()) causes.push_back(required(std::string(member)));
    if (text.size() > 128) {
      causes.push_back(invalid_text(std::string(member), "", "can have at most 128 characters"));
    }
  }
  if (text_of(event, "note").size() > 1024) {
    causes.push_back(invalid_text("message", "", "can have at most 1024 characters"));
  }
}

void check_series(const Object& event, std::vector<Cause>& causes) {
  const Object* const series = map_of(event, "series");
  if (series == nullptr) return;
  if (number_of(*series, "count") < 2) {
    causes.push_back(invalid_text("series.count", "", "should be at least 2"));
  }
  if (text_of(*series, "lastObservedTime").empty()) {
    causes.push_back(required("series.lastObservedTime"));
  }
}

bool same_member(const Object& left, const Object& right, std::string_view member) {
  const Value* const one = left.if_contains(member);
  const Value* const other = right.if_contains(member);
  return one == nullptr || other == nullptr ? one == other : *one == *other;
}

}  // namespace

void check_event(const Object& event, const Object* before, std::vector<Cause>& causes) {
  const bool timed = !text_of(event, "eventTime").empty();
  if (timed) check_words(event, causes);
  if (before == nullptr) {
    check_series(event, causes);
    if (!timed) causes.push_back(required("eventTime"));
    const std::string_view type = text_of(event, "type");
    if (type != "Normal" && type != "Warning") {
      causes.push_back(invalid_text("type", "", fmt::format("has invalid value: {}", type)));
    }
    return;
  }
  if (!same_member(event, *before, "series")) check_series(event, causes);
  struct Member {
    std::string_view name;
    std::string_view inside;  ///< how messages call it
  };
  for (const auto& [name, inside] :
       {Member{"regarding", "involvedObject"}, Member{"reason", "reason"},
        Member{"note", "message"}, Member{"reason", "reason"}, Member{"type", "type"},
        Member{"eventTime", "eventTime"}, Member{"action", "action"}, Member{"related", "related"},
        Member{"reportingController", "reportingController"},
        Member{"reportingInstance", "reportingInstance"}}) {
    if (same_member(event, *before, name)) continue;
    const Value* const value = event.if_contains(name);
    causes.push_back(invalid_value(std::string(inside), value == nullptr ? Value("") : *value,
                                   "field is immutable"));
  }
}

}  // namespace edsm::sim
