#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/world.hpp"

namespace edsm::sim {

/// Sees all that happens in a world and objects to what must never be, at the moment at which it
/// is. What it remembers serves the checks at the end.
class Witness {
 public:
  explicit Witness(World& world);

  /// Looks at what has changed since the last call; false once something is wrong.
  bool look();
  /// What is wrong; empty: nothing.
  const std::string& objection() const { return objection_; }
  void object(const std::string& what);

  /// A target at one revision.
  struct TargetState {
    std::uint64_t revision = 0;
    base::Instant at{};
    bool ours = false;  ///< written by EDSM
    bool there = true;
    Data data;
    std::string digest;
  };
  /// A workload at one revision, as far as EDSM changes it.
  struct WorkloadState {
    std::uint64_t revision = 0;
    base::Instant at{};
    bool ours = false;
    bool there = true;
    std::string uid;
    std::string stamp;                           ///< of the pod template
    std::map<std::string, std::string> digests;  ///< recorded, by Secret
    std::vector<std::string> names;              ///< of the annotation
    base::WallTime created{};
  };
  using Key = std::pair<std::string, std::string>;  ///< namespace, name

  /// All states of a target that EDSM wrote, in order.
  std::vector<const TargetState*> written(const Key& target) const;
  /// The latest one at or before `revision`; null: none.
  const TargetState* written_by(const Key& target, std::uint64_t revision) const;
  const std::map<Key, std::vector<TargetState>>& targets() const { return targets_; }
  const std::map<std::string, std::vector<WorkloadState>>& workloads() const { return workloads_; }
  /// Requests of EDSM that changed something, up to now.
  std::uint64_t effects() const { return effects_; }
  /// Of these, restarts.
  std::uint64_t restarts() const { return restarts_; }

 private:
  void see(const AuditEntry& entry);
  void see_target(const AuditEntry& entry);
  void judge_pause(const Key& target);
  void see_workload(const AuditEntry& entry, const kube::Resource& resource);
  void judge_restart(const std::string& id, const std::vector<WorkloadState>& states);
  bool changed_between(const Key& target, std::uint64_t after, std::uint64_t until) const;
  bool changed_since(const Key& target, base::WallTime created, std::uint64_t until) const;
  void see_calls(const CloudCalls& calls, std::size_t& seen);
  void see_call(const CloudCall& call);
  std::optional<base::Instant> grace() const;
  void judge_read(const CloudCall& call);
  void judge_token(const CloudCall& call);
  bool may_be_given_up(const std::string& message) const;
  std::vector<Data> values_since(const Wanted& wanted, base::Instant since) const;
  std::string unaware(const News& news, base::Instant at) const;
  void judge_acknowledgement(const std::string& message);
  void expect_soon(const News& news, base::Instant at);
  void judge_sender(const Sent& sent);

  World& world_;
  std::size_t audited_ = 0;
  std::size_t called_ = 0;         ///< of AWS
  std::size_t called_google_ = 0;  ///< likewise
  std::size_t called_azure_ = 0;   ///< likewise
  std::string objection_;
  std::map<Key, std::vector<TargetState>> targets_;
  std::map<std::string, std::vector<WorkloadState>> workloads_;
  std::map<std::string, Data> values_;  ///< by digest
  std::uint64_t effects_ = 0;
  std::uint64_t restarts_ = 0;
  std::map<Owner, base::Instant> renewed_;  ///< when the last successful renewal was sent
};

}  // namespace edsm::sim
