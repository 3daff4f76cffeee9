#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/clock.hpp"
#include "base/secret.hpp"
#include "base/text.hpp"
#include "kube/events.hpp"

namespace edsm::kube {

/// One thing to tell about an object.
struct EventNote {
  ObjectReference about;
  EventType type = EventType::normal;
  std::string reason;
  std::string action;
  std::string note;
};

/// Cut to `limit` bytes, never half a UTF-8 character; bytes that are not UTF-8 become "?".
std::string clean_text(std::string_view text, std::size_t limit);

/// Which Events are written, and when. Pure.
///
/// Notes are the same if everything but the time is, the note's text included: unlike client-go's
/// recorder, which would lose a changed text. The first one creates an Event; one that comes within
/// six minutes of the last makes it a series, written at once for the second one and then at most
/// every five minutes. Each object may create 25 Events at once and one per five minutes after
/// that. At most 1,024 series and objects are remembered (the least recent are forgotten) and 1,000
/// writes wait.
class EventSeries {
 public:
  enum class Verdict : std::uint8_t {
    queued,
    counted,  ///< part of a series
    limited,  ///< dropped: this object says too much
    full,     ///< dropped: too many writes wait
  };

  EventSeries(std::string controller, std::string instance);
  EventSeries(const EventSeries&) = delete;
  EventSeries& operator=(const EventSeries&) = delete;

  Verdict add(EventNote note, base::Instant now, base::WallTime wall);

  /// A write, which stays the next one until `done`, `again_as_new` or `drop` is said about it.
  struct Write {
    bool create = true;  ///< else a patch of `series`
    std::string ns;
    std::string name;
    base::SecretBytes body;
  };
  std::optional<Write> next(base::Instant now);
  /// When `next` will have something without another `add`.
  std::optional<base::Instant> due() const;

  void done(base::Instant now);
  /// The Event of the series is gone, or its name is taken: it will be created under a new name.
  void again_as_new(base::WallTime wall);
  void drop();

  std::size_t waiting() const { return queue_.size(); }

 private:
  /// Of all that is the same throughout a series, or of an object: so little is remembered.
  struct Key {
    std::array<std::uint64_t, 2> digest;
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    base::Text ns;
    base::Text object;
    std::uint64_t suffix = 0;  ///< of the Event's name, after the object's
    base::WallTime first;
    base::WallTime last;
    base::Instant last_seen;
    base::Instant last_write;
    std::int64_t count = 1;
    std::int64_t written = 0;  ///< the count that the server knows; 0: not created
    bool queued = false;
    std::unique_ptr<EventNote> note;  ///< as long as there is something to write
  };
  struct Bucket {
    Key key;
    double tokens = 0;
    base::Instant at;
  };

  /// A limited number of `Item`s, found by their `key`, the most recently used first.
  template <class Item>
  class Recent {
   public:
    explicit Recent(std::pmr::memory_resource& memory) : items_(&memory) {}

    std::size_t size() const { return items_.size(); }
    auto begin() { return items_.begin(); }
    auto end() { return items_.end(); }
    auto begin() const { return items_.begin(); }
    auto end() const { return items_.end(); }

    /// The item of that key, which becomes the most recent; null: there is none.
    Item* use(const Key& key);
    Item& add(Item item);
    void remove(const Item& item);
    /// Removes the least recent one of those that `may_go`, if there is one.
    void forget_oldest(bool (*may_go)(const Item&));

   private:
    using Items = std::pmr::list<Item>;
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(const Key& key) const { return key.digest[0]; }
      std::size_t operator()(typename Items::iterator at) const { return at->key.digest[0]; }
    };
    struct Equal {
      using is_transparent = void;
      static const Key& key(const Key& key) { return key; }
      static const Key& key(typename Items::iterator at) { return at->key; }
      bool operator()(const auto& a, const auto& b) const { return key(a) == key(b); }
    };

    Items items_;
    boost::unordered_flat_set<typename Items::iterator, Hash, Equal> index_;
  };

  static Key key_of(std::string_view text);
  bool take_token(const ObjectReference& about, base::Instant now);
  void enqueue(Entry& entry);
  static std::optional<base::Instant> due_at(const Entry& entry);
  std::uint64_t new_suffix(base::WallTime wall);
  static std::string name_of(const Entry& entry);
  base::SecretBytes create_body(const Entry& entry) const;
  static base::SecretBytes patch_body(const Entry& entry);
  Entry* front();

  std::string controller_;
  std::string instance_;
  std::uint64_t names_ = 0;
  /// Side by side, not between what comes and goes; without a large reserve.
  std::pmr::unsynchronized_pool_resource nodes_{
      {.max_blocks_per_chunk = 64, .largest_required_pool_block = 0}};
  Recent<Entry> entries_{nodes_};
  Recent<Bucket> buckets_{nodes_};
  std::deque<Entry*> queue_;
  std::int64_t in_flight_ = 0;  ///< the count that `next` has handed out
};

}  // namespace edsm::kube
