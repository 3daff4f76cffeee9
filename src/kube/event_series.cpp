#include "kube/event_series.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "kube/api.hpp"

namespace edsm::kube {
namespace {

constexpr std::size_t kRemembered = 1024;  // some megabyte; above kQueue
constexpr std::size_t kQueue = 1000;
constexpr double kBurst = 25;
constexpr base::Duration kPerToken = std::chrono::seconds(300);
constexpr base::Duration kSilence = std::chrono::minutes(6);
constexpr base::Duration kBetweenWrites = std::chrono::minutes(5);

// Limits of events.k8s.io/v1 (kubernetes: pkg/apis/core/validation/events.go).
constexpr std::size_t kLongestNote = 1024;
constexpr std::size_t kLongestWord = 128;
constexpr std::size_t kLongestName = 253;

/// The length of the UTF-8 character at the front of `text`; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  std::size_t length = 1;
  if (first >= 0x80) {
    if (first < 0xC2 || first > 0xF4) return 0;
    length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  }
  if (text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  // Overlong forms, surrogates, beyond U+10FFFF.
  const bool bad =
      length > 2 && ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) >= 0xA0) ||
                     (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) >= 0x90));
  return bad ? 0 : length;
}

std::string object_of(const ObjectReference& about) {
  return fmt::format("{}\n{}\n{}\n{}\n{}", about.api_version, about.kind, about.ns, about.name,
                     about.uid);
}

/// A digest, so that keys stay small.
std::string key_of(const EventNote& note) {
  const auto digest = base::sha256(fmt::format("{}\n{}\n{}\n{}\n{}", object_of(note.about),
                                               note.type == EventType::normal ? 'n' : 'w',
                                               note.reason, note.action, note.note));
  return {digest.begin(), digest.end()};
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
    const std::size_t length = utf8_length(text);
    const std::string_view piece = length == 0 ? std::string_view("?") : text.substr(0, length);
    if (result.size() + piece.size() > limit) break;
    result += piece;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return result;
}

EventSeries::EventSeries(std::string controller, std::string instance)
    : controller_(std::move(controller)), instance_(clean_text(instance, kLongestWord)) {}

EventSeries::Verdict EventSeries::add(EventNote note, base::Instant now, base::WallTime wall) {
  note.reason = clean_text(note.reason, kLongestWord);
  note.action = clean_text(note.action, kLongestWord);
  note.note = clean_text(note.note, kLongestNote);
  std::string key = key_of(note);

  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    Entry& entry = *known->second;
    if (entry.queued || now - entry.last_seen < kSilence) {
      entries_.splice(entries_.begin(), entries_, known->second);
      ++entry.count;
      entry.last = wall;
      entry.last_seen = now;
      if (!entry.queued && *due_at(entry) <= now) enqueue(entry);
      return Verdict::counted;
    }
    entries_.erase(known->second);
    by_key_.erase(known);
  }

  if (queue_.size() >= kQueue) return Verdict::full;
  if (!take_token(note.about, now)) return Verdict::limited;
  if (entries_.size() >= kRemembered) forget_oldest();
  Entry entry;
  entry.key = key;
  entry.name = new_name(note.about, wall);
  entry.note = std::move(note);
  entry.first = entry.last = wall;
  entry.last_seen = entry.last_write = now;
  entries_.push_front(std::move(entry));
  by_key_.emplace(std::move(key), entries_.begin());
  enqueue(entries_.front());
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
  queue_.push_back(entry.key);
}

bool EventSeries::take_token(const ObjectReference& about, base::Instant now) {
  std::string object = object_of(about);
  auto known = by_object_.find(object);
  if (known == by_object_.end()) {
    if (buckets_.size() >= kRemembered) {
      by_object_.erase(buckets_.back().object);
      buckets_.pop_back();
    }
    buckets_.push_front({object, kBurst, now});
    known = by_object_.emplace(std::move(object), buckets_.begin()).first;
  }
  buckets_.splice(buckets_.begin(), buckets_, known->second);
  Bucket& bucket = *known->second;
  const double gained =
      static_cast<double>((now - bucket.at).count()) / static_cast<double>(kPerToken.count());
  bucket.tokens = std::min(kBurst, bucket.tokens + gained);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

/// Those that wait to be written stay: there are fewer of them than are remembered.
void EventSeries::forget_oldest() {
  const auto oldest = std::find_if(entries_.rbegin(), entries_.rend(),
                                   [](const Entry& entry) { return !entry.queued; });
  if (oldest == entries_.rend()) return;
  by_key_.erase(oldest->key);
  entries_.erase(std::next(oldest).base());
}

/// "<object>.<hex of time and counter>", as client-go names them; unique within this process even
/// in one microsecond.
std::string EventSeries::new_name(const ObjectReference& about, base::WallTime wall) {
  const auto micros = static_cast<std::uint64_t>(wall.time_since_epoch().count());
  const std::string suffix = fmt::format("{:x}", micros * 1000 + names_++ % 1000);
  std::string stem = about.name.substr(0, kLongestName - 1 - suffix.size());
  while (stem.ends_with('.') || stem.ends_with('-')) stem.pop_back();
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
  if (queue_.empty()) return nullptr;
  return &*by_key_.at(queue_.front());
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
  write.ns = entry->note.about.ns.empty() ? "default" : entry->note.about.ns;
  write.name = entry->name;
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
  queue_.pop_front();
}

void EventSeries::again_as_new(base::WallTime wall) {
  Entry* const entry = front();
  if (entry == nullptr) return;
  entry->written = 0;
  entry->name = new_name(entry->note.about, wall);
}

void EventSeries::drop() {
  Entry* const entry = front();
  if (entry == nullptr) return;
  const auto at = by_key_.find(entry->key);
  entries_.erase(at->second);
  by_key_.erase(at);
  queue_.pop_front();
}

base::SecretBytes EventSeries::create_body(const Entry& entry) const {
  const ObjectReference& about = entry.note.about;
  base::JsonWriter json;
  json.begin_object().member("apiVersion", kEvents.api_version()).member("kind", kEvents.kind);
  json.key("metadata").begin_object().member("name", entry.name);
  json.member("namespace", about.ns.empty() ? "default" : std::string_view(about.ns)).end_object();
  json.member("eventTime", base::rfc3339_micro(entry.first));
  json.member("reportingController", controller_).member("reportingInstance", instance_);
  json.member("action", entry.note.action).member("reason", entry.note.reason);
  json.key("regarding").begin_object();
  json.member("apiVersion", about.api_version).member("kind", about.kind);
  if (!about.ns.empty()) json.member("namespace", about.ns);
  json.member("name", about.name);
  if (!about.uid.empty()) json.member("uid", about.uid);
  json.end_object();
  json.member("note", entry.note.note);
  json.member("type", entry.note.type == EventType::normal ? "Normal" : "Warning");
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
