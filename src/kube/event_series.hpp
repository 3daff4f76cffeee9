#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/secret.hpp"
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
  struct Entry {
    std::string key;
    EventNote note;
    std::string name;
    base::WallTime first;
    base::WallTime last;
    base::Instant last_seen;
    base::Instant last_write;
    std::int64_t count = 1;
    std::int64_t written = 0;  ///< the count that the server knows; 0: not created
    bool queued = false;
  };
  using Entries = std::list<Entry>;
  struct Bucket {
    std::string object;
    double tokens = 0;
    base::Instant at;
  };
  using Buckets = std::list<Bucket>;

  bool take_token(const ObjectReference& about, base::Instant now);
  void enqueue(Entry& entry);
  static std::optional<base::Instant> due_at(const Entry& entry);
  std::string new_name(const ObjectReference& about, base::WallTime wall);
  base::SecretBytes create_body(const Entry& entry) const;
  static base::SecretBytes patch_body(const Entry& entry);
  Entry* front();
  void forget_oldest();

  std::string controller_;
  std::string instance_;
  std::uint64_t names_ = 0;
  Entries entries_;  ///< the most recent first
  std::unordered_map<std::string, Entries::iterator> by_key_;
  Buckets buckets_;
  std::unordered_map<std::string, Buckets::iterator> by_object_;
  std::deque<std::string> queue_;  ///< keys of entries
  std::int64_t in_flight_ = 0;     ///< the count that `next` has handed out
};

}  // namespace edsm::kube
