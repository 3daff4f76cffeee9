#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/task.hpp"
#include "cli/commands/cluster.hpp"

namespace edsm::cli {

/// Kubernetes objects from files or a cluster, and the documents in which they live.
class Manifests {
 public:
  /// YAML of any number of documents, or JSON; a List gives its items. `name` is for errors.
  base::Result<> add_text(std::string_view text, std::string_view name);
  void add(base::JsonDocument document);
  /// The items of a list that the API server gave; they do not say their kind, so it is kept
  /// beside.
  void add_list(base::JsonDocument page, std::string_view kind);

  struct Object {
    std::string kind;
    const boost::json::value* value;
  };
  /// Those of one kind, in order.
  std::vector<const boost::json::value*> of_kind(std::string_view kind) const;
  const std::vector<Object>& all() const { return objects_; }

 private:
  void note(const boost::json::value& object);

  std::vector<base::JsonDocument> documents_;  ///< objects_ point into them
  std::vector<Object> objects_;
};

/// "-" is standard input. The error names the file.
base::Result<Manifests> read_manifests(const std::vector<std::string>& files);

struct ListedManifests {
  Manifests found;
  bool secrets_known = true;  ///< false: the caller may not list Secrets
};
/// ExternalSecrets, their stores, EventDrivenSecrets and workloads; of Secrets the metadata, if a
/// workload has Reloader search them. Kinds that the server does not know are not there; what the
/// caller may not list is an error, but for Secrets.
base::Task<base::Result<ListedManifests>> list_manifests(ClusterAccess access);

}  // namespace edsm::cli
