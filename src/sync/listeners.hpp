#pragma once

#include <functional>
#include <map>
#include <string>

#include "kube/reflector.hpp"
#include "sync/rollout_worker.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Called once, when the first complete list has arrived.
using OnSynced = std::function<void()>;

// Each listens to one namespace, or to all if it is given none.

/// Keeps the store of bindings equal to the cluster and asks for reconciles.
class BindingListener final : public kube::Listener {
 public:
  BindingListener(Shared& shared, OnSynced on_synced, std::string ns = {})
      : shared_(shared), on_synced_(std::move(on_synced)), ns_(std::move(ns)) {}
  void list_begins() override { shared_.bindings.list_begins(ns_); }
  void applied(const boost::json::value& object) override;
  void removed(const boost::json::value& object) override;
  void list_ends(std::string_view version) override;

 private:
  void forget(const base::ObjectKey& key);
  void count(const base::Text& ns, int change);

  Shared& shared_;
  OnSynced on_synced_;
  std::string ns_;
  std::map<base::Text, std::int64_t> per_namespace_;
};

/// Keeps the store of managed Secrets; what we did not write ourselves is looked at.
class TargetListener final : public kube::Listener {
 public:
  TargetListener(Shared& shared, OnSynced on_synced, std::string ns = {})
      : shared_(shared), on_synced_(std::move(on_synced)), ns_(std::move(ns)) {}
  void list_begins() override { shared_.targets.list_begins(ns_); }
  void applied(const boost::json::value& object) override;
  void removed(const boost::json::value& object) override;
  void list_ends(std::string_view version) override;

 private:
  void touched(const base::ObjectKey& target);

  Shared& shared_;
  OnSynced on_synced_;
  std::string ns_;
};

/// Keeps the annotated workloads of one kind; the others are dropped on arrival.
class WorkloadListener final : public kube::Listener {
 public:
  WorkloadListener(Shared& shared, RolloutWorker& worker, RolloutFollower& follower,
                   kube::Resource resource, OnSynced on_synced, std::string ns = {})
      : shared_(shared),
        worker_(worker),
        follower_(follower),
        resource_(resource),
        on_synced_(std::move(on_synced)),
        ns_(std::move(ns)) {}
  void list_begins() override { shared_.workloads.list_begins(resource_.kind, ns_); }
  void applied(const boost::json::value& object) override;
  void removed(const boost::json::value& object) override;
  void list_ends(std::string_view version) override;

 private:
  void forget(const std::string& id);
  void count_users(const base::Text& ns, const std::vector<std::string>& secrets);

  Shared& shared_;
  RolloutWorker& worker_;
  RolloutFollower& follower_;
  kube::Resource resource_;
  OnSynced on_synced_;
  std::string ns_;
};

}  // namespace edsm::sync
