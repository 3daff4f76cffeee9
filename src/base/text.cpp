#include "base/text.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace edsm::base {

/// A hash set of chains that run through the texts themselves.
class Text::Pool {
 public:
  Shared* add(std::string_view chars) {
    const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>()(chars));
    for (auto* at = bucket(hash); at != nullptr; at = at->next) {
      if (at->hash == hash && at->view() == chars) {
        ++at->holders;
        return at;
      }
    }
    if (count_ >= buckets_.size() * kLoad) resize(buckets_.size() * 2);
    const auto size = std::max(Shared::kHeader + chars.size(), sizeof(Shared));
    auto* const made = new (::operator new(size))
        Shared{bucket(hash), 1, static_cast<std::uint32_t>(chars.size()), hash};
    std::memcpy(made->chars(), chars.data(), chars.size());
    bucket(hash) = made;
    ++count_;
    return made;
  }

  void remove(Shared* shared) {
    auto** at = &bucket(shared->hash);
    while (*at != shared) at = &(*at)->next;
    *at = shared->next;
    ::operator delete(shared);
    --count_;
    if (buckets_.size() > kLeast && count_ * 4 < buckets_.size()) resize(buckets_.size() / 2);
  }

  std::size_t count() const { return count_; }

 private:
  static constexpr std::size_t kLeast = 64;  ///< a power of two, as every number of buckets
  static constexpr std::size_t kLoad = 2;

  Shared*& bucket(std::uint32_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }

  void resize(std::size_t size) {
    const auto before = std::exchange(buckets_, std::vector<Shared*>(size));
    for (auto* chain : before) {
      while (chain != nullptr) {
        auto* const shared = std::exchange(chain, chain->next);
        shared->next = std::exchange(bucket(shared->hash), shared);
      }
    }
  }

  std::vector<Shared*> buckets_ = std::vector<Shared*>(kLeast);
  std::size_t count_ = 0;
};

/// Never destroyed, since texts in other static objects may go after it.
Text::Pool& Text::pool() {
  static auto& pool = *new Pool;
  return pool;
}

Text::Shared* Text::intern(std::string_view chars) {
  return chars.empty() ? nullptr : pool().add(chars);
}

void Text::drop(Shared* shared) {
  pool().remove(shared);
}

std::size_t Text::count() {
  return pool().count();
}

}  // namespace edsm::base
