#include "sim/cluster/watches.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace edsm::sim {
namespace {

using std::chrono::seconds;

constexpr base::Duration kBetweenBookmarks = seconds(60);
/// Without `timeoutSeconds` the server chooses between this and twice as long.
constexpr std::uint64_t kLeastTimeout = 1800;

std::string line(std::string_view type, std::string_view object) {
  std::string text;
  text.reserve(object.size() + 40);
  text.append(R"({"type":")").append(type).append(R"(","object":)").append(object).append("}\n");
  return text;
}

net::Headers stream_headers() {
  return {{"Content-Type", "application/json"}};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// apimachinery: pkg/apis/meta/internalversion/validation
std::vector<Cause> check_options(const Call& call) {
  const bool streamed = !call.parameter("sendInitialEvents").empty();
  const std::string_view match = call.parameter("resourceVersionMatch");
  std::vector<Cause> causes;
  const auto forbid = [&](std::string_view why) {
    causes.push_back(
        {"FieldValueForbidden", fmt::format("Forbidden: {}", why), "resourceVersionMatch"});
  };
  if (streamed && match != "NotOlderThan") {
    forbid("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (!streamed && !match.empty()) {
    forbid("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  }
  return causes;
}

}  // namespace

struct Watches::Watch {
  Watch(const Kind& kind_, Selector selector_, ExchangePtr exchange_)
      : kind(kind_), selector(std::move(selector_)), exchange(std::move(exchange_)) {}

  const std::string& text(const Stored& object) const {
    return metadata_view ? object.metadata_json() : object.json();
  }

  const Kind& kind;
  Selector selector;
  ExchangePtr exchange;
  bool metadata_view = false;
  bool bookmarks = false;
  std::uint64_t start = 0;
  base::Instant deadline;
};

void Watches::open(const Call& call, ExchangePtr exchange) {
  const Kind& kind = *call.kind;
  auto fields = std::string(call.parameter("fieldSelector"));
  if (!call.access.name.empty()) fields = "metadata.name=" + call.access.name;
  auto selector = Selector::parse(kind, call.access.ns, call.parameter("labelSelector"), fields);
  if (!selector) return exchange->answer(to_reply(selector.error()));
  if (auto causes = check_options(call); !causes.empty()) {
    return exchange->answer(
        to_reply(invalid("meta.k8s.io", "ListOptions", "ListOptions.meta.k8s.io", "", causes)));
  }
  const std::string_view version = call.parameter("resourceVersion");
  const auto start = number(version.empty() ? "0" : version);
  if (!start) {
    return exchange->answer(to_reply(unexplained(fmt::format(
        "resourceVersion: Invalid value: \"{}\": strconv.ParseUint: parsing \"{}\": invalid syntax",
        version, version))));
  }

  auto watch = std::make_shared<Watch>(kind, std::move(*selector), std::move(exchange));
  watch->metadata_view = call.metadata_view;
  watch->bookmarks = call.flag("allowWatchBookmarks");
  watch->exchange->begin(200, stream_headers());
  if (*start == 0) {
    begin_with_objects(*watch, watch->bookmarks && version.empty());
  } else if (*start < store_.compacted()) {
    watch->exchange->data(
        line("ERROR", to_json(expired(fmt::format("too old resource version: {} ({})", *start,
                                                  store_.compacted())))));
    watch->exchange->end();
    return;
  } else if (call.flag("sendInitialEvents")) {
    begin_with_objects(*watch, true);
  } else {
    watch->start = *start;
    begin_with_changes(*watch);
  }

  const auto asked = number(call.parameter("timeoutSeconds")).value_or(0);
  const auto lasts = asked > 0 ? asked : kLeastTimeout + timeline_.random() % kLeastTimeout;
  watch->deadline = timeline_.now() + seconds(static_cast<std::int64_t>(lasts));
  open_[kind.index].push_back(watch);
  if (watch->bookmarks) plan_bookmark(watch);
  timeline_.after(watch->deadline - timeline_.now(),
                  [self = weak_from_this(), weak = std::weak_ptr(watch)] {
                    const auto watches = self.lock();
                    const auto due = weak.lock();
                    if (watches == nullptr || due == nullptr) return;
                    due->exchange->end();
                    watches->forget(*due);
                  });
}

void Watches::begin_with_objects(Watch& watch, bool marked) {
  for (const auto& [key, object] : store_.all(watch.kind)) {
    if (watch.selector.matches(*object)) watch.exchange->data(line("ADDED", watch.text(*object)));
  }
  watch.start = store_.revision();
  if (marked) bookmark(watch, watch.start, true);
}

void Watches::begin_with_changes(Watch& watch) {
  for (const Change& change : store_.changes(watch.kind)) {
    if (change.revision > watch.start) send(watch, change);
  }
}

void Watches::send(const Watch& watch, const Change& change) {
  const bool was = change.before != nullptr && watch.selector.matches(*change.before);
  const bool is = change.after != nullptr && watch.selector.matches(*change.after);
  if (is) {
    watch.exchange->data(line(was ? "MODIFIED" : "ADDED", watch.text(*change.after)));
  } else if (was) {
    // Also what merely stops matching is told with its content of before.
    watch.exchange->data(line("DELETED", watch.text(*change.gone())));
  }
}

void Watches::publish(const Change& change) {
  const Kind& kind = change.after == nullptr ? change.before->kind() : change.after->kind();
  seen_[kind.index] = change.revision;
  auto& watches = open_[kind.index];
  std::erase_if(watches, [](const WatchPtr& watch) { return watch->exchange->gone(); });
  for (const WatchPtr& watch : watches) {
    if (change.revision > watch->start) send(*watch, change);
  }
}

/// About once a minute, and twice right before the end (apiserver: storage/cacher,
/// nextBookmarkTime).
void Watches::plan_bookmark(const WatchPtr& watch) {
  const base::Instant now = timeline_.now();
  base::Instant next = std::min(now + kBetweenBookmarks, watch->deadline - seconds(2));
  if (next <= now) next = watch->deadline - seconds(1);
  if (next <= now) return;
  timeline_.after(next - now, [self = weak_from_this(), weak = std::weak_ptr(watch)] {
    const auto watches = self.lock();
    const auto due = weak.lock();
    if (watches == nullptr || due == nullptr || due->exchange->gone()) return;
    const std::uint64_t seen = watches->seen_[due->kind.index];
    if (seen > due->start) watches->bookmark(*due, seen, false);
    watches->plan_bookmark(due);
  });
}

void Watches::bookmark(const Watch& watch, std::uint64_t revision, bool initial_end) const {
  const std::string_view mark =
      initial_end ? R"(,"annotations":{"k8s.io/initial-events-end":"true"})" : "";
  const std::string kind =
      watch.metadata_view ? "PartialObjectMetadata" : std::string(watch.kind.resource.kind);
  const std::string version =
      watch.metadata_view ? "meta.k8s.io/v1" : watch.kind.resource.api_version();
  watch.exchange->data(line(
      "BOOKMARK",
      fmt::format(R"({{"kind":"{}","apiVersion":"{}","metadata":{{"resourceVersion":"{}"{}}}}})",
                  kind, version, revision, mark)));
}

void Watches::close_all() {
  for (auto& watches : open_) {
    for (const WatchPtr& watch : std::exchange(watches, {})) watch->exchange->end();
  }
}

std::size_t Watches::count() const {
  std::size_t count = 0;
  for (const auto& watches : open_) {
    count += static_cast<std::size_t>(std::ranges::count_if(
        watches, [](const WatchPtr& watch) { return !watch->exchange->gone(); }));
  }
  return count;
}

void Watches::forget(const Watch& watch) {
  std::erase_if(open_[watch.kind.index],
                [&](const WatchPtr& other) { return other.get() == &watch; });
}

}  // namespace edsm::sim
