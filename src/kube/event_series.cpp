#include "kube/event_series.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "base/utf8.hpp"
#include "kube/api.hpp"

namespace edsm::kube {
namespace {

constexpr std::size_t kRemembered = 1024;  // some half a megabyte; above kQueue
constexpr std::size_t kQueue = 1000;
constexpr double kBurst = 25;
constexpr base::Duration kPerToken = std::chrono::seconds(300);
constexpr base::Duration kSilence = std::chrono::minutes(6);
constexpr base::Duration kBetweenWrites = std::chrono::minutes(5);

// Limits of events.k8s.io/v1 (kubernetes: pkg/apis/core/validation/events.go).
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestWord = 128;
constexpr std::size_t kLongestName = 253;

std::string object_of(const ObjectReference& about) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", about.api_version, about.kind, about.ns, about.name,
                     about.uid);
}

std::string series_of(const EventNote& note) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", object_of(note.about),
                     note.type == EventType::normal ? 'n' : 'w', note.reason, note.action,
                     note.note);
}

/// Events of objects without a namespace lie in "default".
std::string_view namespace_of(std::string_view ns) {
  return ns.empty() ? "default" : ns;
}

void write_series(base::JsonWriter& json, std::int64_t count, base::WallTime last) {
  json.key("series").begin_object();
  json.key("count").number(count);
  json.member("lastObservedTime", base::rfc3339_micro(last));
  json.end_object();
}

}  // namespace

std::string clean_text(std::string_view text, std::size_t limit) {
  std::string result;
  while (!text.empty()) {
    if (const auto plain = base::plain_prefix(text); plain > 0) {
      result += text.substr(0, std::min(plain, limit - result.size()));
      if (result.size() == limit) break;
      text.remove_prefix(plain);
      continue;
    }
    const std::size_t length = base::first_character(text).length;
    const std::string_view piece = length == 0 ? std::string_view("?") : text.substr(0, length);
    if (result.size() + piece.size() > limit) break;
    result += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

EventSeries::Key EventSeries::key_of(std::string_view text) {
  const auto digest = base::sha256(text);
  Key key{};
  std::memcpy(key.digest.data(), digest.data(), sizeof key.digest);
  return key;
}

template <class Item>
Item* EventSeries::Recent<Item>::use(const Key& key) {
  const auto found = index_.find(key);
  if (found == index_.end()) return nullptr;
  items_.splice(items_.begin(), items_, *found);
  return &items_.front();
}

template <class Item>
Item& EventSeries::Recent<Item>::add(Item item) {
  items_.push_front(std::move(item));
  index_.insert(items_.begin());
  return items_.front();
}

template <class Item>
void EventSeries::Recent<Item>::remove(const Item& item) {
  const auto found = index_.find(item.key);
  const auto at = *found;
  index_.erase(found);
  items_.erase(at);
}

template <class Item>
void EventSeries::Recent<Item>::forget_oldest(bool (*may_go)(const Item&)) {
  const auto oldest = std::find_if(items_.rbegin(), items_.rend(), may_go);
  if (oldest != items_.rend()) remove(*oldest);
}

EventSeries::EventSeries(std::string controller, std::string instance)
    : controller_(std::move(controller)), instance_(clean_text(instance, kLongestWord)) {}

EventSeries::Verdict EventSeries::add(EventNote note, base::Instant now, base::WallTime wall) {
  note.reason = clean_text(note.reason, kLongestWord);
  note.action = clean_text(note.action, kLongestWord);
  note.note = clean_text(note.note, kLongestNote);
  const Key key = key_of(series_of(note));

  if (Entry* const entry = entries_.use(key)) {
    if (entry->queued || now - entry->last_seen < kSilence) {
      ++entry->count;
      entry->last = wall;
      entry->last_seen = now;
      if (!entry->note) entry->note = std::make_unique<EventNote>(std::move(note));
      if (!entry->queued && *due_at(*entry) <= now) enqueue(*entry);
      return Verdict::counted;
    }
    entries_.remove(*entry);
  }

  if (queue_.size() >= kQueue) return Verdict::full;
  if (!take_token(note.about, now)) return Verdict::limited;
  // Those that wait to be written stay: there are fewer of them than are remembered.
  if (entries_.size() >= kRemembered) {
    entries_.forget_oldest([](const Entry& entry) { return !entry.queued; });
  }
  enqueue(entries_.add({.key = key,
                        .ns = namespace_of(note.about.ns),
                        .object = note.about.name,
                        .suffix = new_suffix(wall),
                        .first = wall,
                        .last = wall,
                        .last_seen = now,
                        .last_write = now,
                        .note = std::make_unique<EventNote>(std::move(note))}));
  return Verdict::queued;
}

/// When what was counted since the last write is due; nothing if nothing was.
std::optional<base::Instant> EventSeries::due_at(const Entry& entry) {
  if (entry.count == entry.written) return std::nullopt;
  const bool becomes_series = entry.written == 1;
  if (becomes_series) return entry.last_write;
  return entry.last_write + kBetweenWrites;
}

/// With a full queue it stays due.
void EventSeries::enqueue(Entry& entry) {
  if (queue_.size() >= kQueue) return;
  entry.queued = true;
  queue_.push_back(&entry);
}

bool EventSeries::take_token(const ObjectReference& about, base::Instant now) {
  const Key key = key_of(object_of(about));
  Bucket* bucket = buckets_.use(key);
  if (bucket == nullptr) {
    if (buckets_.size() >= kRemembered) buckets_.forget_oldest([](const Bucket&) { return true; });
    bucket = &buckets_.add({key, kBurst, now});
  }
  const double gained =
      static_cast<double>((now - bucket->at).count()) / static_cast<double>(kPerToken.count());
  bucket->tokens = std::min(kBurst, bucket->tokens + gained);
  bucket->at = now;
  if (bucket->tokens < 1) return false;
  bucket->tokens -= 1;
  return true;
}

/// Unique within this process even in one microsecond.
std::uint64_t EventSeries::new_suffix(base::WallTime wall) {
  return static_cast<std::uint64_t>(wall.time_since_epoch().count()) * 1000 + names_++ % 1000;
}

/// "<object>.<hex of time and counter>", as client-go names them.
std::string EventSeries::name_of(const Entry& entry) {
  const std::string suffix = fmt::format("{:x}", entry.suffix);
  std::string_view stem = entry.object.view().substr(0, kLongestName - 1 - suffix.size());
  while (stem.ends_with('.') || stem.ends_with('-')) stem.remove_suffix(1);
  return fmt::format("{}.{}", stem, suffix);
}

std::optional<base::Instant> EventSeries::due() const {
  std::optional<base::Instant> due;
  for (const Entry& entry : entries_) {
    const auto at = due_at(entry);
    if (at && (!due || *at < *due)) due = at;
  }
  return due;
}

EventSeries::Entry* EventSeries::front() {
  return queue_.empty() ? nullptr : queue_.front();
}

std::optional<EventSeries::Write> EventSeries::next(base::Instant now) {
  if (queue_.empty()) {
    for (Entry& entry : entries_) {
      const auto at = due_at(entry);
      if (at && *at <= now) enqueue(entry);
    }
  }
  const Entry* const entry = front();
  if (entry == nullptr) return std::nullopt;
  Write write;
  write.create = entry->written == 0;
  write.ns = entry->ns.str();
  write.name = name_of(*entry);
  write.body = write.create ? create_body(*entry) : patch_body(*entry);
  in_flight_ = entry->count;
  return write;
}

void EventSeries::done(base::Instant now) {
  Entry* const entry = front();
  if (entry == nullptr) return;
  entry->written = in_flight_;
  entry->last_write = now;
  entry->queued = false;
  if (entry->count == entry->written) entry->note.reset();
  queue_.pop_front();
}

void EventSeries::again_as_new(base::WallTime wall) {
  Entry* const entry = front();
  if (entry == nullptr) return;
  entry->written = 0;
  entry->suffix = new_suffix(wall);
}

void EventSeries::drop() {
  Entry* const entry = front();
  if (entry == nullptr) return;
  queue_.pop_front();
  entries_.remove(*entry);
}

base::SecretBytes EventSeries::create_body(const Entry& entry) const {
  const ObjectReference& about = entry.note->about;
  base::JsonWriter json;
  json.begin_object().member("apiVersion", kEvents.api_version()).member("kind", kEvents.kind);
  json.key("metadata").begin_object().member("name", name_of(entry));
  json.member("namespace", entry.ns.view()).end_object();
  json.member("eventTime", base::rfc3339_micro(entry.first));
  json.member("reportingController", controller_).member("reportingInstance", instance_);
  json.member("action", entry.note->action).member("reason", entry.note->reason);
  json.key("regarding").begin_object();
  json.member("apiVersion", about.api_version).member("kind", about.kind);
  if (!about.ns.empty()) json.member("namespace", about.ns);
  json.member("name", about.name);
  if (!about.uid.empty()) json.member("uid", about.uid);
  json.end_object();
  json.member("note", entry.note->note);
  json.member("type", entry.note->type == EventType::normal ? "Normal" : "Warning");
  if (entry.count > 1) write_series(json, entry.count, entry.last);
  json.end_object();
  return std::move(json).take();
}

base::SecretBytes EventSeries::patch_body(const Entry& entry) {
  base::JsonWriter json;
  json.begin_object();
  write_series(json, entry.count, entry.last);
  json.end_object();
  return std::move(json).take();
}

}  // namespace edsm::kube
