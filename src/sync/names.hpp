#pragma once

#include <string_view>

/// Labels and annotations by which EDSM knows its objects. They are a compatibility promise.
namespace edsm::sync {

/// On targets: managed by EDSM. Watches select it, and users hand a Secret over by setting it.
inline constexpr std::string_view kManagedLabel = "eventdrivensecretsmanaged";
inline constexpr std::string_view kManagedSelector = "eventdrivensecretsmanaged=true";

/// On workloads: a JSON array of the Secrets whose change restarts it. The first one present
/// counts.
inline constexpr std::string_view kWorkloadAnnotations[] = {"eventdrivensecretsmanaged",
                                                            "eventsecrets", "eventdrivensecrets"};

/// On targets, written in the same request as the data.
inline constexpr std::string_view kVersionAnnotation = "secrets.edsm.io/version";
inline constexpr std::string_view kDigestAnnotation = "secrets.edsm.io/digest";
inline constexpr std::string_view kChangedAtAnnotation = "secrets.edsm.io/changed-at";
inline constexpr std::string_view kSourceAnnotation = "secrets.edsm.io/source";
inline constexpr std::string_view kBindingAnnotation = "secrets.edsm.io/binding";
/// Merge mode only: the keys that are ours, as a JSON array.
inline constexpr std::string_view kKeysAnnotation = "secrets.edsm.io/keys";

/// On workloads: what they were last rolled out with, per Secret.
inline constexpr std::string_view kRolledOutAnnotation = "secrets.edsm.io/rolled-out";
/// On pod templates: changes when the pods must be new.
inline constexpr std::string_view kTemplateAnnotation = "secrets.edsm.io/rollout";

/// On bindings: a new value asks for a re-sync.
inline constexpr std::string_view kSyncRequestAnnotation = "edsm.io/last-updated";
/// On bindings: an RFC 3339 time until which nothing is done for it.
inline constexpr std::string_view kPausedUntilAnnotation = "secrets.edsm.io/paused-until";

}  // namespace edsm::sync
