#include "telemetry/health.hpp"

#include <fmt/format.h>

namespace edsm::telemetry {
namespace {

/// "75 s", "1.5 s": tenths as long as they tell something.
std::string in_seconds(base::Duration time) {
  const auto tenths = time.count() / 100'000;
  if (tenths % 10 == 0 || tenths >= 100) return fmt::format("{} s", tenths / 10);
  return fmt::format("{}.{} s", tenths / 10, tenths % 10);
}

}  // namespace

void Health::expect(std::string_view name, base::Duration limit, base::Instant now) {
  loops_.insert_or_assign(std::string(name), Loop{limit, now});
}

void Health::beat(std::string_view name, base::Instant now) {
  const auto loop = loops_.find(name);
  if (loop != loops_.end()) loop->second.last = now;
}

void Health::forget(std::string_view name) {
  const auto loop = loops_.find(name);
  if (loop != loops_.end()) loops_.erase(loop);
}

void Health::require(std::string_view condition) {
  conditions_.try_emplace(std::string(condition), false);
}

void Health::set(std::string_view condition, bool fulfilled) {
  conditions_.insert_or_assign(std::string(condition), fulfilled);
}

std::vector<std::string> Health::stuck(base::Instant now) const {
  std::vector<std::string> result;
  for (const auto& [name, loop] : loops_) {
    const base::Duration silent = now - loop.last;
    if (silent <= loop.limit) continue;
    result.push_back(fmt::format("{}: silent for {}, limit {}", name, in_seconds(silent),
                                 in_seconds(loop.limit)));
  }
  return result;
}

std::vector<std::string> Health::missing() const {
  std::vector<std::string> result;
  for (const auto& [name, fulfilled] : conditions_) {
    if (!fulfilled) result.push_back(name);
  }
  return result;
}

}  // namespace edsm::telemetry
