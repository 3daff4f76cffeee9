#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "sim/azure/events.hpp"
#include "sim/azure/wire.hpp"
#include "sim/common/current.hpp"

namespace edsm::sim::azure {

/// One version of a secret. Times are seconds since 1970.
struct Version {
  std::string id;
  std::string bytes;
  std::int64_t created = 0;
  std::int64_t updated = 0;  ///< also moves when an attribute does
  bool enabled = true;
  std::optional<std::int64_t> not_before{};
  std::optional<std::int64_t> expires{};
  boost::json::object rest{};  ///< contentType and tags, where it has them
};

/// The newest version stands last.
struct Secret {
  std::string name;  ///< as it was first written
  std::vector<Version> versions;
  std::optional<base::Instant> deleted{};
  std::optional<base::Instant> recovered{};

  /// By id, or the newest for ""; null: there is none.
  const Version* version(std::string_view wanted) const;
};

/// The secrets of one Key Vault, and what people do with them. Names have no case. Each change is
/// made at once; then its messages are sent.
class Vault {
 public:
  using Object = boost::json::object;

  /// `options` and `sink` have to live as long as this.
  Vault(Timeline& timeline, std::string name, const EventOptions& options,
        const Events::Sink& sink);

  /// What was deleted, or recovered, is there only so much later: up to a minute, by recordings.
  base::Duration settling{};

  // -- the API's changes; `body` is that of the request
  Answer<Object> put(std::string_view name, const Object& body);
  Answer<Object> patch(std::string_view name, std::string_view version, const Object& body);
  Answer<Object> remove(std::string_view name);
  Answer<Object> recover(std::string_view name);
  Answer<void> purge(std::string_view name);

  // -- the actors, for short; empty or false where the service would refuse it
  /// A new version of a secret, which is made if it is not there; its id.
  std::string put(std::string_view name, std::string_view bytes);
  /// The secret has been as it is for so long.
  void age(std::string_view name, std::chrono::seconds time);
  bool set_enabled(std::string_view name, std::string_view version, bool enabled);
  /// The newest version expires so much later. Event Grid tells that it will, and that it has.
  bool expire(std::string_view name, base::Duration later);
  /// Event Grid tells that the newest version will expire: time for its owner to renew it.
  void warn(std::string_view name);

  // -- the observers
  /// Null: it is not there, or deleted, or not there again yet.
  const Secret* find(std::string_view name) const;
  const Secret* find_deleted(std::string_view name) const;
  /// Deleted ones, or the others, by name.
  std::vector<const Secret*> all(bool deleted) const;
  /// What a reader of a version ("": the current one) got, through all time; empty if the secret
  /// never existed.
  std::vector<Current> history(std::string_view name, std::string_view wanted) const;
  Current current(std::string_view name, std::string_view wanted) const;
  /// Every value that a version ever had.
  const std::vector<std::string>& values() const { return values_; }

  // -- the wire
  Object json(const Secret& secret, const Version& version, bool value) const;
  /// As a list shows it: without version.
  Object item(const Secret& secret) const;
  Object deleted_json(const Secret& secret) const;
  const std::string& name() const { return name_; }
  std::string host() const;
  std::string origin() const { return "https://" + host(); }
  Events& events() { return events_; }

 private:
  /// A secret as readers saw it from some instant on.
  struct Seen {
    base::Instant since;
    bool exists;
    std::vector<Version> versions;  ///< the newest last
  };
  Secret* held(std::string_view name);
  void remember(const Secret& secret);
  static Current seen(const Seen& at, std::string_view wanted);

  Timeline& timeline_;
  std::string name_;
  Events events_;
  std::map<std::string, Secret, std::less<>> secrets_;  ///< by name in lower case
  std::vector<std::string> values_;
  std::map<std::string, std::vector<Seen>, std::less<>> seen_;
};

ServiceError absent(std::string_view name);

}  // namespace edsm::sim::azure
