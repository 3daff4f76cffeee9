#pragma once

#include <cstddef>
#include <optional>

namespace edsm::cloud {

/// Which calls find the versions of some secrets: pages of a whole list, or one call per secret.
/// Without I/O. How long the list is, nobody knows before it ends; so listing goes on as long as it
/// has cost less than asking for the rest would, which is at most about twice the best.
class ListingPolicy {
 public:
  bool next_page(std::size_t pages_read, std::size_t unfound) const {
    if (!allowed_ || unfound == 0 || (pages_read == 0 && unfound <= 3)) return false;
    if (known_pages_ && pages_read < *known_pages_) return *known_pages_ - pages_read < unfound;
    return pages_read < unfound;
  }
  /// The list ended after so many pages.
  void ended(std::size_t pages) { known_pages_ = pages; }
  void refused() { allowed_ = false; }
  void allowed() { allowed_ = true; }

 private:
  bool allowed_ = true;
  std::optional<std::size_t> known_pages_;
};

}  // namespace edsm::cloud
