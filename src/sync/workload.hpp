#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/json/value.hpp>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/names.hpp"
#include "kube/api.hpp"

namespace edsm::sync {

/// What one Secret was when the workload was last rolled out with it.
struct RolloutRecord {
  base::Text digest;
  base::Text changed_at;  ///< of the target then; tells a real change from a lost digest key
  bool operator==(const RolloutRecord&) const = default;
};

/// A workload that names Secrets in its annotation. Its pod template is not kept.
struct Workload {
  kube::Resource resource = kube::kDeployments;
  base::ObjectKey key;
  base::Text uid;
  base::Text resource_version;
  base::WallTime created;
  std::vector<std::string> secrets;  ///< named in the annotation, each once, in order
  std::string annotation_error;      ///< why the annotation cannot be read; empty if it can
  std::map<std::string, RolloutRecord> records;

  /// "Deployment/ns/name": its key in the rollout queue and in the ticket ledger.
  std::string id() const;
};

/// nullopt if it carries none of the annotations.
std::optional<Workload> decode_workload(const boost::json::value& object, kube::Resource resource);

/// The Secrets named by an annotation's text, a JSON array of at most 500 names, each once.
/// Failure::invalid "InvalidAnnotation" with a text for people if it is not that.
base::Result<std::vector<std::string>> parse_secret_names(std::string_view annotation);

std::string write_records(const std::map<std::string, RolloutRecord>& records);

/// The annotated workloads, and which of them name a Secret.
class WorkloadStore {
 public:
  const Workload* find(const std::string& id) const;
  /// False if the store holds the same or a newer state already.
  bool put(Workload workload);
  /// Drops it, e.g. because its annotation went.
  bool erase(const std::string& id);
  /// Ids of the workloads that name the Secret, in order.
  std::vector<std::string> users_of(const base::ObjectKey& secret) const;
  std::size_t size() const { return workloads_.size(); }

  /// A relist of one kind in one namespace (empty: in all) replaces those workloads.
  void list_begins(std::string_view kind, std::string_view ns = {});
  /// Ids that the relist did not bring (still in the store).
  std::vector<std::string> list_ends(std::string_view kind, std::string_view ns = {}) const;

 private:
  struct Entry {
    Workload workload;
    bool seen = true;
  };
  void unlink(const Workload& workload);

  std::map<std::string, Entry> workloads_;
  std::unordered_map<base::ObjectKey, std::vector<std::string>, base::ObjectKeyHash> users_;
};

}  // namespace edsm::sync
