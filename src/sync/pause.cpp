#include "sync/pause.hpp"

#include <fmt/format.h>

#include "base/time.hpp"
#include "sync/names.hpp"

namespace edsm::sync {
namespace {

/// Of a value that is no time, to show which one is meant.
constexpr std::size_t kShownText = 40;

}  // namespace

Pause judge_pause(std::string_view annotation, base::WallTime now) {
  if (annotation.empty()) return {};
  const auto until = base::parse_rfc3339(annotation);
  if (!until) return {Pause::State::malformed, {}};
  return {now < *until ? Pause::State::holds : Pause::State::over, *until};
}

std::string describe_pause(const Pause& pause, std::string_view annotation) {
  if (pause.state == Pause::State::malformed) {
    return fmt::format(
        "not paused: the annotation {} is \"{}\", which is no time: give it one with a zone, such "
        "as 2026-12-01T12:00:00Z, or remove it",
        kPausedUntilAnnotation, annotation.substr(0, kShownText));
  }
  return fmt::format(
      "paused until {} by the annotation {}: until then nothing is read, written or restarted for "
      "it; removing the annotation ends the pause",
      base::rfc3339(pause.until), kPausedUntilAnnotation);
}

}  // namespace edsm::sync
