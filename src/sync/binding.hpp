#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/names.hpp"
#include "cloud/provider.hpp"

namespace edsm::sync {

enum class ValueFormat : std::uint8_t { automatic, json, text, binary };
enum class CreationPolicy : std::uint8_t { owner, orphan, merge };
enum class DeletionPolicy : std::uint8_t { retain, remove };

/// spec.data[]: one key of the target and where in the JSON value it comes from.
struct KeySelection {
  std::string secret_key;
  std::string property;  ///< dotted path; empty: secret_key
};

struct ShapeSpec {
  ValueFormat format = ValueFormat::automatic;
  std::string raw_key = "value";
  std::string type = "Opaque";
  std::vector<KeySelection> data;  ///< empty: every member of the object
};

struct TargetSpec {
  std::string name;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
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

struct BindingStatus {
  std::int64_t observed_generation = -1;
  std::string applied_hash;
  std::string synced_version;
  std::string target_resource_version;
  std::string handled_sync_request;
  std::string last_synced_time;
  std::string reason;
  std::string message;
  std::vector<Condition> conditions;
  bool operator==(const BindingStatus&) const = default;

  const Condition* condition(std::string_view type) const;
};

/// One EventDrivenSecret, as far as the controller needs it.
struct Binding {
  base::ObjectKey key;
  std::string uid;
  std::int64_t generation = 0;
  base::WallTime created;
  bool deleting = false;
  std::string provider;
  cloud::SecretQuery query;
  TargetSpec target;
  ShapeSpec shape;
  std::string sync_request;  ///< value of edsm.io/last-updated
  BindingStatus status;

  base::ObjectKey target_key() const { return {key.ns, target.name}; }
};

/// Reads an EventDrivenSecret that the API server has validated; what is missing gets the default
/// of the CRD.
Binding decode_binding(const boost::json::value& object);

}  // namespace edsm::sync
