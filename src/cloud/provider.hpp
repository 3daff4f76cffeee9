#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/names.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "base/text.hpp"

/// What every cloud looks like to the controller. Nothing here names one.
namespace edsm::cloud {

/// A cloud secret as a binding's spec writes it.
struct SecretQuery {
  std::string path;                            ///< spec.secretPath
  std::map<std::string, std::string> options;  ///< spec.cloudProviderOptions
  base::ObjectKey binding{};                   ///< who asks
  bool operator==(const SecretQuery&) const = default;
};

/// A cloud secret in its provider's canonical words. Equal ids are the same secret, read by the
/// same identity.
struct Source {
  base::Text id;     ///< unique over all providers, for people and as single-flight key: the scope,
                     ///< a slash and the path: "aws/eu-west-1/prod/db"
  base::Text scope;  ///< sources of one scope can be read in one batch: "aws/eu-west-1"; one that
                     ///< is read as somebody else than the controller has a scope of its own

  /// What the provider asks its API for.
  std::string_view path() const { return id.view().substr(scope.view().size() + 1); }
};

/// Where a source is, in words that all clouds have: what a permission to read it speaks of.
struct Place {
  std::string region;
  std::string account;  ///< account, project or vault; empty: the one of the controller's own
  /// What the secret may be called. Several where only the cloud could tell which of them is meant:
  /// then who may read it must be allowed every one.
  std::vector<std::string> names;
};

enum class Form : std::uint8_t { text, binary };

/// One value, read once. Wiped with its owner.
struct Value {
  std::string version;  ///< version id of the value that carries the wanted stage
  Form form = Form::text;
  base::SecretBytes bytes;
};

/// What an event says, and all that it is believed: "read this secret again".
struct Hint {
  std::vector<std::string> match_keys;  ///< any of these may be a binding's (Provider::match_keys)
  std::string version;                  ///< the new version's id, if the event names one
  std::string cause;                    ///< event name, for logs: "Secret Label Updated"
  std::optional<base::WallTime> changed = std::nullopt;  ///< the event's own time, for people
};
/// Well-formed, but cannot change a value: a read, a failed call, a tag. `cause` is for logs.
struct Irrelevant {
  std::string cause;
};
/// Not understood. `why` never quotes the body.
struct Malformed {
  std::string why;
};

struct Message {
  std::string ticket;  ///< opaque, for acknowledge and hold
  std::string id;      ///< for logs
  std::optional<base::WallTime> sent_at;
  int receive_count = 1;
  std::variant<Hint, Irrelevant, Malformed> content;
};

/// What the queue's own configuration says (read once at start and after errors).
struct InboxFacts {
  base::Duration hold_time = std::chrono::seconds(30);  ///< visibility time-out
  bool dead_letters = false;
};

/// One queue of events. Every call may be cancelled; errors are classified, already retried where
/// a short retry makes sense, and name the queue and the remedy.
class Inbox {
 public:
  virtual ~Inbox() = default;
  /// "sqs/eu-west-1/edsm-events": for logs, metrics and health.
  virtual std::string_view name() const = 0;
  /// A call to `receive` that takes longer, retries and all, is stuck.
  virtual base::Duration stuck_after() const { return std::chrono::seconds(100); }
  virtual base::Task<base::Result<InboxFacts>> describe() = 0;
  /// A long poll. Empty: nothing came.
  virtual base::Task<base::Result<std::vector<Message>>> receive() = 0;
  /// Deletes the messages; one result per ticket, in order. Any number of tickets.
  virtual base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> tickets) = 0;
  /// Keeps the messages from other receivers for `time` from now; zero hands them back at once.
  virtual base::Task<std::vector<base::Result<>>> hold(std::vector<std::string> tickets,
                                                       base::Duration time) = 0;
};

/// Code of a Failure::refused of `Provider::fetch` and `Provider::versions`: the wanted version is
/// there, but disabled or destroyed.
inline constexpr std::string_view kSourceDisabled = "SourceDisabled";

/// Whether a version that somebody told of may be the one that is recorded. Where a cloud gives ids
/// again to other versions, a version is called by its id, "@" and when it was made; who does not
/// know the latter tells only the id.
inline bool may_be(std::string_view told, std::string_view recorded) {
  if (told == recorded) return true;
  return told.find('@') == std::string_view::npos && recorded.size() > told.size() &&
         recorded.starts_with(told) && recorded[told.size()] == '@';
}

/// One cloud's secret store.
class Provider {
 public:
  virtual ~Provider() = default;
  /// The name in spec.cloudProvider.
  virtual std::string_view name() const = 0;

  /// Pure. Failure::invalid with a text that names the field and the remedy ("MissingRegion: …").
  virtual base::Result<Source> resolve(const SecretQuery& query) const = 0;
  /// Pure. Under which keys hints may speak of it. Too many are harmless, too few lose changes.
  virtual std::vector<std::string> match_keys(const Source& source) const = 0;
  /// Pure. Where a resolved source is.
  virtual Place place(const Source& source) const = 0;
  /// Pure. As whom it is read, in the cloud's own words (a role); empty: as the controller itself.
  /// A view into the source.
  virtual std::string_view identity(const Source& /*source*/) const { return {}; }

  /// How many sources of one scope one call to `fetch` takes.
  virtual std::size_t batch_limit() const = 0;
  /// Reads current values, one result per source, in order; all sources of one scope. Errors:
  /// absent, refused (text names the missing permission), credentials, throttled, transient.
  virtual base::Task<std::vector<base::Result<Value>>> fetch(std::vector<Source> sources) = 0;
  /// Current version ids by the fewest calls, no value read, one result per source, in order; any
  /// number of sources of one scope. May lag minutes behind (it may only cause a fetch). A version
  /// that cannot be read is an error, kSourceDisabled, where that costs no further call.
  virtual base::Task<std::vector<base::Result<std::string>>> versions(
      std::vector<Source> sources) = 0;
};

}  // namespace edsm::cloud
