#include "base/text.hpp"

#include <cstring>
#include <memory_resource>
#include <new>

#include <boost/unordered/unordered_flat_set.hpp>

namespace edsm::base {

/// All texts that are held, in a table of pointers; the texts themselves lie close together, sorted
/// by size, and not between what comes and goes.
class Text::Pool {
 public:
  Shared* add(std::string_view chars) {
    const auto known = texts_.find(chars);
    if (known != texts_.end()) {
      ++(*known)->holders;
      return *known;
    }
    auto* const made = new (memory().allocate(bytes(chars.size()), alignof(Shared)))
        Shared{1, static_cast<std::uint32_t>(chars.size()), Hash::of(chars)};
    std::memcpy(made->chars(), chars.data(), chars.size());
    texts_.insert(made);
    return made;
  }

  void remove(Shared* shared) {
    texts_.erase(shared);
    memory().deallocate(shared, bytes(shared->size), alignof(Shared));
  }

  std::size_t count() const { return texts_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    static std::uint32_t of(std::string_view chars) {
      return static_cast<std::uint32_t>(std::hash<std::string_view>()(chars));
    }
    std::size_t operator()(std::string_view chars) const { return of(chars); }
    std::size_t operator()(const Shared* shared) const { return shared->hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const Shared* a, const Shared* b) const { return a == b; }
    bool operator()(std::string_view chars, const Shared* shared) const {
      return shared->view() == chars;
    }
    bool operator()(const Shared* shared, std::string_view chars) const {
      return shared->view() == chars;
    }
  };

  static std::size_t bytes(std::size_t size) { return sizeof(Shared) + size; }

  /// The sanitizers see what is done with a text that is gone only if each is an allocation.
  std::pmr::memory_resource& memory() {
#ifdef EDSM_SANITIZED
    return *std::pmr::new_delete_resource();
#else
    return small_;
#endif
  }

  [[maybe_unused]] std::pmr::unsynchronized_pool_resource small_{std::pmr::new_delete_resource()};
  boost::unordered_flat_set<Shared*, Hash, Equal> texts_;
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
