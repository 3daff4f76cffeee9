#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "base/rare.hpp"
#include "base/text.hpp"
#include "cloud/provider.hpp"

namespace edsm::sync {

enum class ValueFormat : std::uint8_t { automatic, json, text, binary };
enum class CreationPolicy : std::uint8_t { owner, orphan, merge };
enum class DeletionPolicy : std::uint8_t { retain, remove };

/// spec.data[]: one key of the target and where in the JSON value it comes from.
struct KeySelection {
  std::string secret_key;
  std::string property;  ///< dotted path; empty: secret_key
  bool operator==(const KeySelection&) const = default;
};

using Selections = std::vector<KeySelection>;
using StringMap = std::map<std::string, std::string>;

struct ShapeSpec {
  ValueFormat format = ValueFormat::automatic;
  base::Text raw_key = "value";
  base::Text type = "Opaque";
  base::Rare<Selections> data;  ///< empty: every member of the object
};

struct TargetSpec {
  base::Text name;
  base::Rare<StringMap> labels;
  base::Rare<StringMap> annotations;
  CreationPolicy creation = CreationPolicy::owner;
  DeletionPolicy deletion = DeletionPolicy::retain;
};

/// metav1.Condition
struct Condition {
  std::string type;
  std::string status;  ///< "True", "False" or "Unknown"
  std::string reason;
  std::string message;
  std::string last_transition_time;
  std::int64_t observed_generation = 0;
  bool operator==(const Condition&) const = default;
};

/// The status of an EventDrivenSecret in all its words.
struct BindingStatus {
  std::int64_t observed_generation = -1;
  std::string applied_hash;
  std::string synced_version;
  std::string target_resource_version;
  std::string handled_sync_request;
  std::string last_synced_time;
  std::string last_changed_time;
  std::string reason;
  std::string message;
  std::vector<Condition> conditions;
  bool operator==(const BindingStatus&) const = default;

  const Condition* condition(std::string_view type) const;
};

/// What is kept of a status that is there: whether another one differs, and the times that may not
/// move by themselves. The words, a kilobyte for each binding, are not.
struct SeenStatus {
  enum class Truth : std::uint8_t { unsaid, yes, no, unknown };
  static Truth truth_of(std::string_view status);  ///< of a condition's status

  static constexpr std::array<std::string_view, 4> kTypes = {"Ready", "Synced", "Stalled",
                                                             "Paused"};

  SeenStatus() = default;
  SeenStatus(const BindingStatus& status);  // NOLINT: what remains of it

  /// Whether all of it reads like that.
  bool says(const BindingStatus& status) const;
  /// What the condition `Paused` says; no: the wish for it cannot be read.
  Truth paused() const { return truths.back(); }

  std::uint64_t fingerprint = 0;  ///< of everything
  base::Text synced_version;
  base::Text last_synced_time;
  std::array<base::Text, kTypes.size()> since;  ///< when each condition took its status; by kTypes
  std::array<Truth, kTypes.size()> truths{};
};

/// One EventDrivenSecret, as far as the controller needs it.
struct Binding {
  base::ObjectKey key;
  base::Text uid;
  std::int64_t generation = 0;
  base::WallTime created;
  bool deleting = false;
  base::Text provider;
  base::Rare<cloud::SecretQuery> query;  ///< until the store has resolved it
  TargetSpec target;
  ShapeSpec shape;
  base::Text sync_request;  ///< value of edsm.io/last-updated
  base::Text paused_until;  ///< value of secrets.edsm.io/paused-until
  SeenStatus status;
  /// Of `status`, until the store has recalled what was applied; kept only beside `paused_until`.
  base::Rare<BindingStatus> words;

  base::ObjectKey target_key() const { return {key.ns, target.name}; }
};

/// Reads an EventDrivenSecret that the API server has validated; what is missing gets the default
/// of the CRD.
Binding decode_binding(const boost::json::value& object);
/// Its status, in all its words.
BindingStatus decode_status(const boost::json::value& object);

}  // namespace edsm::sync
