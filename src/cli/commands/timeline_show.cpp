#include <chrono>
#include <string>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/time.hpp"
#include "cli/commands/table.hpp"
#include "cli/commands/timeline.hpp"

namespace edsm::cli {
namespace {

/// "2026-11-28 18:20:01.123", or without what is not known.
std::string clock_text(const Moment& moment) {
  auto text = base::rfc3339_micro(moment.at).substr(0, moment.whole_seconds ? 19 : 23);
  text[10] = ' ';
  return text;
}

/// What others are counted from: the first exact time, or else the first.
std::optional<Moment> origin_of(const Timeline& timeline) {
  std::optional<Moment> first;
  for (const auto& step : timeline.steps) {
    if (!step.at) continue;
    if (!step.at->whole_seconds) return step.at;
    if (!first) first = step.at;
  }
  return first;
}

/// Since that time: "+0.250s", in whole seconds "+1s"; "-1s" before it.
std::string after_text(const Moment& first, const Moment& moment) {
  const bool whole = first.whole_seconds || moment.whole_seconds;
  if (!whole) {
    const std::chrono::duration<double> after = moment.at - first.at;
    return fmt::format("{:+.3f}s", after.count());
  }
  using std::chrono::seconds;
  const auto after = std::chrono::floor<seconds>(moment.at) - std::chrono::floor<seconds>(first.at);
  return fmt::format("{:+}s", after.count());
}

std::string headline(const Traces& traces, base::WallTime now) {
  const auto& [binding, status] = traces.reported;
  const auto ready = readiness(traces.reported);
  std::string text;
  if (status.synced_version.empty()) {
    text = fmt::format("{} was never in sync: there is nothing to trace.\n", binding.key.str());
  } else {
    const auto synced = base::parse_rfc3339(status.last_synced_time);
    text = fmt::format("Secret {} holds version {} of {}{}.\n", binding.target_key().str(),
                       short_version(status.synced_version), binding.query->path,
                       synced ? " since " + age(now - *synced) : "");
  }
  if (ready.status == "True") return text;
  return text + fmt::format("Ready is {}: {}: {}\n", ready.status, ready.reason, ready.message);
}

std::string as_table(const Traces& traces, const Timeline& timeline, base::WallTime now,
                     std::size_t width) {
  auto text = headline(traces, now);
  if (!timeline.holds) return text;
  std::vector<Row> rows;
  std::string unknown;
  const auto origin = origin_of(timeline);
  for (const auto& step : timeline.steps) {
    const auto subject = step.workload.empty() ? "" : step.workload + ": ";
    if (!step.at) {
      const bool unknown_time = step.state == Step::State::unknown;
      rows.push_back({"", "", step.name, subject + (unknown_time ? "not known" : step.detail)});
      if (unknown_time) unknown += fmt::format("  {}: {}{}\n", step.name, subject, step.detail);
      continue;
    }
    rows.push_back(
        {clock_text(*step.at), after_text(*origin, *step.at), step.name, subject + step.detail});
  }
  text += "\n" + table({"TIME (UTC)", "AFTER", "STEP", "WHAT"}, rows, {width, {"AFTER"}, true});
  if (traces.workloads.empty()) text += "\nNo workload names the Secret.\n";
  if (!unknown.empty()) text += "\nNot known:\n" + unknown;
  return text;
}

std::string_view state_text(Step::State state) {
  switch (state) {
    case Step::State::done:
      return "done";
    case Step::State::unknown:
      return "unknown";
    case Step::State::waiting:
      return "waiting";
    case Step::State::none:
      return "none";
  }
  return "";
}

std::string as_json(const Traces& traces, const Timeline& timeline) {
  const auto& [binding, status] = traces.reported;
  const auto ready = readiness(traces.reported);
  boost::json::object object;
  object["namespace"] = binding.key.ns.view();
  object["name"] = binding.key.name.view();
  object["secret"] = binding.target.name.view();
  object["source"] = binding.query->path;
  object["version"] = status.synced_version;
  object["ready"] = ready.status;
  object["reason"] = ready.reason;
  object["message"] = ready.message;
  boost::json::array steps;
  for (const auto& step : timeline.steps) {
    boost::json::object item;
    item["step"] = step.name;
    item["state"] = state_text(step.state);
    if (!step.workload.empty()) item["workload"] = step.workload;
    if (step.at) {
      const auto& [at, whole] = *step.at;
      item["time"] = whole ? base::rfc3339(at) : base::rfc3339_micro(at);
    } else {
      item["time"] = nullptr;
    }
    item["detail"] = step.detail;
    steps.push_back(std::move(item));
  }
  object["steps"] = std::move(steps);
  return boost::json::serialize(object) + "\n";
}

}  // namespace

std::string show_trace(const Traces& traces, base::WallTime now, Output output, std::size_t width) {
  const auto timeline = timeline_of(traces);
  if (output == Output::json) return as_json(traces, timeline);
  return as_table(traces, timeline, now, width);
}

}  // namespace edsm::cli
