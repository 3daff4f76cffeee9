#pragma once

#include "kube/reflector.hpp"
#include "sync/listeners.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// Keeps the SecretAccessPolicies. Whoever may gain or lose by a change is looked at again.
class PolicyListener final : public kube::Listener {
 public:
  PolicyListener(Shared& shared, OnSynced on_synced)
      : shared_(shared), on_synced_(std::move(on_synced)) {}
  void list_begins() override { shared_.gate.rules.policies.list_begins(); }
  void applied(const boost::json::value& object) override;
  void removed(const boost::json::value& object) override;
  void list_ends(std::string_view version) override;

 private:
  void forget(const base::Text& name);

  Shared& shared_;
  OnSynced on_synced_;
};

/// Keeps the labels of the namespaces, or of one if it is given one, and nothing else of them.
class NamespaceListener final : public kube::Listener {
 public:
  NamespaceListener(Shared& shared, OnSynced on_synced, base::Text only = {})
      : shared_(shared), on_synced_(std::move(on_synced)), only_(std::move(only)) {}
  void list_begins() override;
  void applied(const boost::json::value& object) override;
  void removed(const boost::json::value& object) override;
  void list_ends(std::string_view version) override;

 private:
  void forget(const base::Text& name);

  Shared& shared_;
  OnSynced on_synced_;
  base::Text only_;
  bool seen_ = false;  ///< the one, since its last list began
};

}  // namespace edsm::sync
