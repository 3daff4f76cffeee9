#include "cloud/aws/events.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/time.hpp"
#include "cloud/aws/match.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {
namespace {

using base::string_at;
using boost::json::value;
using Decoded = std::variant<Hint, Irrelevant, Malformed>;

constexpr std::string_view native_detail_type = "Secret Label Updated";
constexpr std::string_view current = "AWSCURRENT";

/// Calls and service events that leave the current value as it is.
constexpr auto harmless = std::to_array<std::string_view>(
    {"TagResource", "UntagResource", "PutResourcePolicy", "DeleteResourcePolicy",
     "ValidateResourcePolicy", "RotationStarted", "RotationFailed", "RotationAbandoned"});
constexpr auto read_prefixes =
    std::to_array<std::string_view>({"Get", "BatchGet", "List", "Describe"});
/// They speak of replicas, whose ARNs differ in the region only.
constexpr auto replication = std::to_array<std::string_view>(
    {"ReplicateSecretToRegions", "RemoveRegionsFromReplication", "StopReplicationToReplica"});
/// Calls whose new version becomes current; its id is known before.
constexpr auto new_version =
    std::to_array<std::string_view>({"PutSecretValue", "UpdateSecret", "CreateSecret"});

bool begins_with_any(std::string_view text, const auto& prefixes) {
  return std::ranges::any_of(prefixes,
                             [text](std::string_view prefix) { return text.starts_with(prefix); });
}

/// A string member whose name is spelled in several cases: arn, ARN, aRN; secretId, SecretId.
std::string_view any_case(const value& parent, std::string_view path, std::string_view name) {
  const auto* const object = base::object_at(parent, path);
  if (object == nullptr) return {};
  for (const auto& [key, member] : *object) {
    if (member.is_string() && same_ignoring_case({key.data(), key.size()}, name)) {
      return {member.get_string().data(), member.get_string().size()};
    }
  }
  return {};
}

/// What is safe to say about an object that is not understood: its members' names.
std::string shape_of(const value& root) {
  const auto* const object = root.if_object();
  if (object == nullptr) return "not a JSON object";
  std::string names;
  std::size_t count = 0;
  for (const auto& member : *object) {
    const std::string_view name(member.key().data(),
                                std::min<std::size_t>(member.key().size(), 40));
    const bool proper =
        std::ranges::all_of(name, [](char c) { return is_alnum(c) || c == '-' || c == '_'; });
    if (++count > 12) break;
    names.append(names.empty() ? "" : ", ").append(proper ? name : "(odd name)");
  }
  return "not an event; members: " + (names.empty() ? "none" : names);
}

/// One event, in whichever envelope: `root` is the whole body, `detail` its detail or itself.
class Event {
 public:
  Event(const value& root, const value& detail) : root_(root), detail_(detail) {
    if (&root == &detail) return;
    source_ = string_at(root, "source");
    detail_type_ = string_at(root, "detail-type");
    region_ = string_at(root, "region");
  }

  Decoded decode() const {
    if (!source_.empty() && source_ != "aws.secretsmanager")
      return Irrelevant{"another service's event"};
    const auto event_source = string_at(detail_, "eventSource");
    if (!event_source.empty() && event_source != "secretsmanager.amazonaws.com") {
      return Irrelevant{"another service's call"};
    }
    const bool labelled = !string_at(detail_, "labelUpdated").empty();
    if (detail_type_ == native_detail_type || (detail_type_.empty() && labelled)) return native();
    if (!string_at(detail_, "eventName").empty()) return api();
    // Sign-ins, insights and whatever else this source will send one day.
    if (!detail_type_.empty()) return Irrelevant{printable(detail_type_)};
    return Malformed{shape_of(root_)};
  }

 private:
  /// A name out of the message, fit for logs.
  static std::string printable(std::string_view text) {
    std::string result(text.substr(0, 64));
    for (char& c : result) {
      if (!is_alnum(c) && c != ' ' && c != '-') c = '?';
    }
    return result;
  }

  Decoded native() const {
    const auto label = string_at(detail_, "labelUpdated");
    if (!label.empty() && label != current) return Irrelevant{"another label was updated"};
    HintKeys keys(region_);
    add_resources(keys);
    keys.add(string_at(detail_, "name"));
    if (keys.empty()) return Malformed{"Secret Label Updated names no secret"};
    return Hint{std::move(keys).take(), version_or_nothing(string_at(detail_, "versionId")),
                std::string(native_detail_type), time()};
  }

  Decoded api() const {
    const std::string name = printable(string_at(detail_, "eventName"));
    const bool from_service = string_at(detail_, "eventType") == "AwsServiceEvent" ||
                              detail_type_ == "AWS Service Event via CloudTrail";
    const bool failed = !string_at(detail_, "errorCode").empty();
    if (failed && !from_service) return Irrelevant{"failed " + name};
    if (is_read(name)) return Irrelevant{name};
    if (one_of(harmless, name) || name.starts_with("TestRotation")) return Irrelevant{name};
    // Moving any other label leaves the current value as it is.
    const auto stage = string_at(detail_, "requestParameters.versionStage");
    if (name == "UpdateSecretVersionStage" && !stage.empty() && stage != current)
      return Irrelevant{name};

    const auto call_region = string_at(detail_, "awsRegion");
    const bool all_regions = one_of(replication, name) || name.starts_with("Replication");
    HintKeys keys(call_region.empty() ? region_ : call_region, all_regions);
    add_identities(keys);
    if (!keys.empty()) return Hint{std::move(keys).take(), version(name), name, time()};
    if (one_of(new_version, name) || name == "DeleteSecret" || name == "RestoreSecret" ||
        name == "UpdateSecretVersionStage" || name == "RotationSucceeded") {
      return Malformed{name + " names no secret"};
    }
    return Irrelevant{name};
  }

  /// When it happened, which may be long before it was sent: CloudTrail takes minutes.
  std::optional<base::WallTime> time() const {
    const auto of_call = base::parse_rfc3339(string_at(detail_, "eventTime"));
    return of_call ? of_call : base::parse_rfc3339(string_at(root_, "time"));
  }

  bool is_read(std::string_view name) const {
    const auto* const read_only = base::find(detail_, "readOnly");
    const bool marked =
        read_only != nullptr && ((read_only->is_bool() && read_only->get_bool()) ||
                                 (read_only->is_string() && read_only->get_string() == "true"));
    return marked || begins_with_any(name, read_prefixes);
  }

  void add_resources(HintKeys& keys) const {
    const auto* const resources = base::array_at(root_, "resources");
    if (resources == nullptr) return;
    for (const auto& resource : *resources) {
      if (resource.is_string())
        keys.add({resource.get_string().data(), resource.get_string().size()});
    }
  }

  /// Every place where a record may name its secret. They agree, or one is a name and one an ARN.
  void add_identities(HintKeys& keys) const {
    keys.add(any_case(detail_, "responseElements", "arn"));
    keys.add(any_case(detail_, "responseElements", "name"));
    keys.add(any_case(detail_, "requestParameters", "secretId"));
    if (string_at(detail_, "eventName") == "CreateSecret")
      keys.add(any_case(detail_, "requestParameters", "name"));
    keys.add(any_case(detail_, "additionalEventData", "secretId"));
    keys.add(any_case(detail_, "serviceEventDetails", "secretId"));
    add_resources(keys);
  }

  static std::string version_or_nothing(std::string_view id) {
    const bool proper = id.size() >= 32 && id.size() <= 64 &&
                        std::ranges::all_of(id, [](char c) { return is_alnum(c) || c == '-'; });
    return proper ? std::string(id) : std::string();
  }

  bool makes_current() const {
    const auto* const stages = base::array_at(detail_, "requestParameters.versionStages");
    if (stages == nullptr) return true;
    return std::ranges::any_of(*stages, [](const value& stage) {
      return stage.is_string() &&
             stage.get_string() == boost::json::string_view(current.data(), current.size());
    });
  }

  /// The id of the version that became current, where the record is certain to tell.
  std::string version(std::string_view name) const {
    if (one_of(new_version, name)) {
      if (!makes_current()) return {};
      const auto answered = any_case(detail_, "responseElements", "versionId");
      return version_or_nothing(answered.empty()
                                    ? any_case(detail_, "requestParameters", "clientRequestToken")
                                    : answered);
    }
    if (name == "UpdateSecretVersionStage") {
      return version_or_nothing(any_case(detail_, "requestParameters", "moveToVersionId"));
    }
    if (name != "RotationSucceeded") return {};
    // "Rotation-<ARN>-<version id, a UUID>"
    constexpr std::size_t uuid_size = 36;
    const auto request = string_at(detail_, "requestID");
    const bool has_version = request.starts_with("Rotation-") && request.size() > uuid_size &&
                             request[request.size() - uuid_size - 1] == '-';
    return has_version ? version_or_nothing(request.substr(request.size() - uuid_size))
                       : std::string();
  }

  const value& root_;
  const value& detail_;
  std::string_view source_;
  std::string_view detail_type_;
  std::string_view region_;
};

Decoded decode_document(const value& root) {
  const auto* const detail = base::find(root, "detail");
  const bool has_detail = detail != nullptr && detail->is_object();
  return Event(root, has_detail ? *detail : root).decode();
}

}  // namespace

Decoded decode_event(std::string_view body) {
  const auto document = base::JsonDocument::parse(body);
  if (!document) return Malformed{"not JSON"};
  const value& root = document->root();
  if (string_at(root, "Type") != "Notification") return decode_document(root);
  const auto inner = base::JsonDocument::parse(string_at(root, "Message"));
  if (!inner) return Malformed{"an SNS notification whose Message is not JSON"};
  return decode_document(inner->root());
}

}  // namespace edsm::cloud::aws
