#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "kube/api.hpp"
#include "sim/cluster/access.hpp"
#include "sim/cluster/object.hpp"
#include "sim/cluster/store.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

/// A Kubernetes API server (1.37) with its storage, garbage collector and clock, in memory:
/// Secrets, Deployments, StatefulSets, DaemonSets, Leases, Events (events.k8s.io),
/// EventDrivenSecrets, SecretAccessPolicies (unvalidated) and Namespaces (labels only). Its answers
/// are compared with a real server's by tests/integration/test_simulated_cluster.py.
///
/// On the wire (`take`): GET, POST, PUT, PATCH (merge, strategic merge, JSON patch) and DELETE with
/// preconditions, `/status`; lists with selectors, pages and versions; watches with bookmarks; all
/// of them as whole objects or as PartialObjectMetadata. It does not do server-side apply, dry
/// runs, deletion of collections, namespaces (in each there can be
/// objects, whether it exists or not) and permissions (see `gate`).
///
/// Objects are without `apiVersion` and `kind`; `metadata` has `namespace` and `name`. What actors
/// do by the functions below has effect at once, under the same rules as on the wire, and is
/// audited with the manager as user.
class Cluster final : public Service {
 public:
  /// The timeline must outlive it; what it does later is not done if the cluster is gone by then.
  explicit Cluster(Timeline& timeline);
  ~Cluster() override;

  void take(const net::Request& request, ExchangePtr exchange) override;

  // ---- actors

  /// Throws std::invalid_argument with the server's message if it would refuse the object.
  const Stored& create(const kube::Resource& resource, Object object, std::string_view manager);
  /// Changes all but the status (`subresource` "": what a PUT can change) or only the status
  /// ("status"). False if it is not there. Throws as `create` does.
  bool edit(const kube::Resource& resource, std::string_view ns, std::string_view name,
            const std::function<void(Object&)>& change, std::string_view manager,
            std::string_view subresource = {});
  /// False if it is not there. With finalizers it stays, with a deletionTimestamp, until an edit
  /// removed them.
  bool remove(const kube::Resource& resource, std::string_view ns, std::string_view name,
              std::string_view manager = "somebody");

  // ---- what is there

  /// Null if it is not there; shared, so that a caller may keep a revision.
  std::shared_ptr<const Stored> find(const kube::Resource& resource, std::string_view ns,
                                     std::string_view name) const;
  /// All of a kind, ordered by namespace and name.
  std::vector<std::shared_ptr<const Stored>> all(const kube::Resource& resource) const;
  /// Of the last write.
  std::uint64_t revision() const;

  // ---- who may come

  /// Requests with another token, or with one that is expired or revoked, are answered with 401.
  void add_token(std::string token, std::string user,
                 std::optional<base::Instant> expires = std::nullopt);
  void revoke_token(std::string_view token);
  /// Asked for each request of the wire that has a good token. Replies are below.
  void gate(Gate gate);

  // ---- faults

  /// The server forgets all earlier revisions: watches and page tokens from before get 410. Open
  /// watches go on.
  void compact();
  /// Ends all watches properly, as a server that is stopped in order.
  void close_watches();
  std::size_t open_watches() const;

  // ---- what happened

  /// Every write, in the order in which it was done, refused ones included.
  const std::vector<AuditEntry>& audit() const;
  /// The writes that began a rollout of the workload (its creation is the first).
  std::vector<const AuditEntry*> rollouts(const kube::Resource& resource, std::string_view ns,
                                          std::string_view name) const;
  /// How many reads of the wire were let in, by "verb plural": "list secrets".
  const std::map<std::string, std::uint64_t>& reads() const;

 private:
  class State;
  std::shared_ptr<State> state_;
};

// Replies of a server in trouble, as a real one words them.

/// Too many requests at once; not a Status, but plain text.
Reply too_many_requests(int retry_after_seconds);
Reply internal_error(std::string_view why = "etcdserver: request timed out");
Reply unavailable(std::string_view why = "apiserver not ready");
/// 504: it may or may not have been done.
Reply timeout();
/// 403 of the authorizer.
Reply forbidden(const Access& access);

}  // namespace edsm::sim
