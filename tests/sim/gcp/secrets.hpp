#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "sim/common/current.hpp"
#include "sim/gcp/notifications.hpp"
#include "sim/gcp/wire.hpp"

namespace edsm::sim::gcp {

enum class State : std::uint8_t { enabled, disabled, destroyed };

/// One version of a secret.
struct Version {
  std::int64_t number = 0;
  State state = State::enabled;
  std::string bytes;
  bool client_checksum = false;  ///< whoever added it vouched for it
  base::WallTime created{};
  base::WallTime destroyed{};
  std::string etag;
};

struct Secret {
  std::string path;          ///< "secrets/S", "locations/L/secrets/S"
  boost::json::object body;  ///< as the API shows it
  std::vector<Version> versions;

  /// By number, alias or "latest"; null: there is none.
  const Version* version(std::string_view wanted) const;
  Version* version(std::string_view wanted);
};

/// The secrets of one project, and what people do with them. Each change is made at once; then its
/// messages are published. Versions are numbered from 1, also in a secret that was made anew under
/// the name of one that was deleted.
class Secrets {
 public:
  /// `options` and `sink` have to live as long as this.
  Secrets(Timeline& timeline, std::string project, std::string number, const EventOptions& options,
          const Notifications::Sink& sink);

  // -- the API's changes; `path` is "secrets/S" or "locations/L/secrets/S"
  Answer<boost::json::object> create(std::string_view path, boost::json::object body);
  Answer<boost::json::object> add(std::string_view path, std::string bytes,
                                  bool client_checksum = false);
  Answer<boost::json::object> update(std::string_view path, const boost::json::object& body,
                                     const std::vector<std::string>& mask);
  Answer<boost::json::object> remove(std::string_view path, std::string_view etag = {});
  /// Enables, disables or destroys.
  Answer<boost::json::object> change(std::string_view path, std::string_view version, State state,
                                     std::string_view etag = {});

  // -- the actors, for short; false or empty where the service would refuse it
  /// The next secrets are created with this topic; empty: with none.
  void set_topic(std::string topic) { topic_ = std::move(topic); }
  /// A new version of a secret, which is created if it is not there; its number.
  std::string put(std::string_view path, std::string bytes);
  bool set_alias(std::string_view path, std::string_view alias, std::string_view version);

  // -- the observers
  const Secret* find(std::string_view path) const;
  Secret* find(std::string_view path);
  /// By path, in the order of creation.
  const std::vector<Secret>& all() const { return secrets_; }
  /// What a reader of the wanted version ("latest", "3", an alias) got, through all time; empty if
  /// the secret never existed.
  std::vector<Current> history(std::string_view path, std::string_view wanted) const;
  Current current(std::string_view path, std::string_view wanted) const;
  /// Every value that a version ever had.
  const std::vector<std::string>& values() const { return values_; }

  // -- the wire
  std::string resource(const Secret& secret) const;
  boost::json::object json(const Secret& secret, const Version& version) const;
  bool knows(std::string_view project) const { return project == project_ || project == number_; }
  const std::string& number() const { return number_; }
  Notifications& notifications() { return notifications_; }

 private:
  /// A secret as readers saw it from some instant on.
  struct Seen {
    base::Instant since;
    bool exists;
    std::map<std::string, std::string, std::less<>> aliases;
    std::vector<std::pair<State, std::string>> versions;
  };
  Answer<Secret*> named(std::string_view path);
  Answer<void> check(const Secret& secret) const;
  void configure(const boost::json::object& body);
  void remember(const Secret& secret, bool exists = true);
  static Current seen(const Seen& at, std::string_view wanted);

  Timeline& timeline_;
  std::string project_;
  std::string number_;
  std::string topic_;
  Notifications notifications_;
  std::vector<Secret> secrets_;
  std::vector<std::string> values_;
  std::map<std::string, std::vector<Seen>, std::less<>> seen_;
};

std::string_view to_string(State state);
bool is_number(std::string_view version);

}  // namespace edsm::sim::gcp
