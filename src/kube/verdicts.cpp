#include "kube/verdicts.hpp"

#include <algorithm>

namespace edsm::kube {

std::optional<Verdict> Verdicts::find(std::string_view token, base::Instant now) const {
  const auto found = entries_.find(base::hmac_sha256(key_.view(), token));
  if (found == entries_.end() || found->second.until <= now) return std::nullopt;
  return found->second.verdict;
}

void Verdicts::remember(std::string_view token, Verdict verdict, base::Instant now) {
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
  const auto until = now + (verdict == Verdict::allowed ? kAllowedFor : kRefusedFor);
  entries_.insert_or_assign(base::hmac_sha256(key_.view(), token), Entry{verdict, until});
  if (entries_.size() <= kMost) return;
  entries_.erase(
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.until; }));
}

}  // namespace edsm::kube
