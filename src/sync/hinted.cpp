#include "sync/hinted.hpp"

#include "base/time.hpp"

namespace edsm::sync {
namespace {

using base::WallTime;

constexpr std::string_view kChanged = "changed ";
constexpr std::string_view kQueued = "queued ";
constexpr std::string_view kReceived = "received ";

/// In milliseconds, or in seconds if that is all that it says.
std::string text_of(WallTime time) {
  const bool whole = std::chrono::floor<std::chrono::seconds>(time) == time;
  return whole ? base::rfc3339(time) : base::rfc3339_milli(time);
}

std::optional<WallTime> time_after(std::string_view word, std::string_view text) {
  const auto at = text.find(word);
  if (at == std::string_view::npos) return std::nullopt;
  const auto time = text.substr(at + word.size());
  return base::parse_rfc3339(time.substr(0, time.find_first_of(",)")));
}

}  // namespace

std::string describe(const Hinted& hinted) {
  std::string text;
  const auto add = [&](std::string_view word, std::optional<WallTime> time) {
    if (time) text.append(text.empty() ? "" : ", ").append(word).append(text_of(*time));
  };
  add(kChanged, hinted.changed);
  add(kQueued, hinted.queued);
  add(kReceived, hinted.received);
  return text;
}

Hinted times_in(std::string_view note) {
  const auto bracket = note.rfind(" (");
  if (bracket == std::string_view::npos) return {};
  const auto times = note.substr(bracket);
  return {
      {}, time_after(kChanged, times), time_after(kQueued, times), time_after(kReceived, times)};
}

}  // namespace edsm::sync
