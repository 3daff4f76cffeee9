#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sim/aws/events.hpp"
#include "sim/aws/wire.hpp"

namespace edsm::sim::aws {

/// One version of a secret.
struct Version {
  std::string id;
  std::string bytes;
  bool binary = false;
  base::WallTime created{};
  std::vector<std::string> stages;

  bool has(std::string_view stage) const;
};

/// What a reader of a secret gets, from some instant on.
struct Current {
  enum class State : std::uint8_t {
    live,
    scheduled,  ///< for deletion: it cannot be read, but described and restored
    gone        ///< deleted for good; maybe created again later, under another ARN
  };
  base::Instant since{};
  State state = State::live;
  std::string arn;
  std::string version;
  std::string bytes;
  bool binary = false;

  bool deleted() const { return state != State::live; }
};

/// What lists show of a secret, from some instant on.
struct Listed {
  base::Instant since{};
  bool exists = true;
  std::uint64_t order = 0;  ///< of creation, over all secrets
  std::string arn;
  base::WallTime created{};
  base::WallTime changed{};
  std::optional<base::WallTime> deleted;
  std::vector<std::pair<std::string, std::vector<std::string>>> stages;  ///< version id -> labels
};

struct Secret {
  std::string name;
  std::string arn;
  std::uint64_t order = 0;
  base::WallTime created{};
  base::WallTime changed{};
  std::optional<base::WallTime> accessed;  ///< last time that a value was read
  std::optional<base::WallTime> deleted;   ///< when deletion was asked for
  bool exists = true;
  std::vector<Version> versions;
  std::vector<Current> history;
  std::vector<Listed> listings;

  const Version* at_stage(std::string_view stage) const;
  const Version* version(std::string_view id) const;
};

/// The secrets of one account in one region, and what people and rotations do with them. Each
/// change is made at once; then its events are sent. A change that the service would refuse (a put
/// to a secret that waits for its deletion, a rollback without a previous version) changes nothing,
/// and says so: the version id is empty, or false. Only a refused put leaves a record, with its
/// error.
class Secrets {
 public:
  enum class Form : std::uint8_t { text, binary };

  /// `options` and `sink` have to live as long as this.
  Secrets(Timeline& timeline, std::string account, std::string region, const EventOptions& options,
          const Events::Sink& sink);

  // -- the actors
  /// CreateSecret, or PutSecretValue if it exists (an equal value makes a new version, too).
  /// Returns the id of the new version.
  std::string put(std::string_view name, std::string value, Form form = Form::text);
  /// The same, but UpdateSecret.
  std::string update(std::string_view name, std::string value, Form form = Form::text);
  /// A new version that carries AWSPENDING only: nobody should read it.
  std::string stage(std::string_view name, std::string value);
  /// AWSCURRENT goes to the version that carries AWSPREVIOUS. Returns that version's id.
  std::string rollback(std::string_view name);
  /// AWSCURRENT goes to a version that still exists, as UpdateSecretVersionStage does it.
  bool move_current(std::string_view name, std::string_view version);
  /// Any other label than the service's own moves to a version: an event, and no change.
  bool label(std::string_view name, std::string_view version, std::string_view label);
  /// A rotation by Lambda: AWSPENDING now, AWSCURRENT after `takes`, unless somebody interferes.
  std::string rotate(std::string_view name, std::string value, base::Duration takes = {});
  /// Schedules it for deletion.
  bool remove(std::string_view name);
  bool restore(std::string_view name);
  /// Deletes it for good.
  bool purge(std::string_view name);
  /// Deletes it for good and creates it again: same name, another ARN.
  std::string recreate(std::string_view name, std::string value, Form form = Form::text);

  // -- the observers
  /// Nothing if there is no such secret (any more).
  std::optional<Current> current(std::string_view name) const;
  /// Everything that was ever current, with its deletions; empty if it never existed.
  const std::vector<Current>& history(std::string_view name) const;
  /// By name; those that are gone, too.
  const std::map<std::string, Secret, std::less<>>& all() const { return secrets_; }

  // -- the wire
  /// By name, full ARN, or ARN without its ending; also those that wait for their deletion.
  Secret* find(std::string_view id);
  /// Every secret as it was at `when`, in the order of creation; the string is its name.
  std::vector<std::pair<std::string_view, const Listed*>> listed(base::Instant when) const;
  Events& events() { return events_; }

 private:
  std::string add_version(Secret& secret, std::string value, Form form, std::string_view stage);
  std::string put_as(std::string_view operation, std::string_view name, std::string value,
                     Form form);
  std::string create(std::string_view name, std::string value, Form form);
  /// Moves a label and what follows from it.
  void move(Secret& secret, std::string_view stage, std::string_view version);
  void finish_rotation(const std::string& name, const std::string& arn, const std::string& version);
  /// Remembers what readers and lists see from now on.
  void remember(Secret& secret);
  /// One that can be changed, or nullptr.
  Secret* usable(std::string_view name);

  Timeline& timeline_;
  std::string arn_prefix_;
  Events events_;
  std::map<std::string, Secret, std::less<>> secrets_;
  std::uint64_t created_ = 0;
  /// Tells rotations that are still in the timeline's hands that this is gone.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace edsm::sim::aws
