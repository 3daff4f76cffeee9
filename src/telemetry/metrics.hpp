#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace edsm::telemetry {

/// The steps of a change whose times are measured (`edsm_step_duration_seconds{step=…}`).
enum class Step : std::uint8_t {
  event_age,   ///< from the queue's own sent-at stamp to our receipt
  queue_wait,  ///< from due to the start of a reconcile
  fetch,       ///< a value read from the cloud
  apply,       ///< the write of a target
  rollout,     ///< the patch of a workload
  total,       ///< from receipt of a message to its effect
};

/// How far a change of a cloud secret has come (`edsm_change_arrival_seconds{at=…}`).
enum class Arrival : std::uint8_t {
  secret,    ///< the target holds it
  workload,  ///< a workload was patched to restart with it
  pods,      ///< the last pod of such a workload was replaced and is available
};

/// What became of a received message (`edsm_messages_total{outcome=…}`).
enum class MessageOutcome : std::uint8_t {
  matched,     ///< concerns at least one binding
  unmatched,   ///< a hint that concerns nobody
  irrelevant,  ///< well-formed, cannot change a value (reads, failed calls, tags)
  malformed,   ///< not understood; left to the dead-letter queue
  dropped,     ///< poison without a dead-letter queue, given up
  settled,     ///< acknowledged after its effect
  returned,    ///< left in the queue because its effect failed
};

/// Every metric of the program, by what it means; the names are in the .cpp, once. Values are
/// exported in Prometheus' text format. Used from one thread; calls cost tens of nanoseconds after
/// the first with the same labels.
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  // Names that existing dashboards use.

  /// edsm_total_eventdrivensecrets{namespace}
  void total_bindings(std::string_view ns, std::int64_t count);
  /// edsm_deployments_using_secrets{secret,namespace}
  void workloads_using(std::string_view secret, std::string_view ns, std::int64_t count);
  /// edsm_secret_fetched_total{secret,namespace}
  void secret_fetched(std::string_view secret, std::string_view ns);
  /// edsm_secret_created_total{secret,namespace}
  void secret_created(std::string_view secret, std::string_view ns);
  /// edsm_secret_updated_total{secret,namespace}
  void secret_updated(std::string_view secret, std::string_view ns);
  /// edsm_deployment_rollout_total{secret,namespace}
  void rollout(std::string_view secret, std::string_view ns);
  /// Drops the series of a target that is gone.
  void forget_target(std::string_view secret, std::string_view ns);

  // Ours.

  /// edsm_drift_healed_total{secret,namespace}
  void drift_healed(std::string_view secret, std::string_view ns);
  /// edsm_step_duration_seconds{step}
  void step(Step step, base::Duration time);
  /// edsm_change_arrival_seconds{at}; `time` since the change in the cloud, whose clock may differ.
  void change_arrived(Arrival at, base::Duration time);
  /// edsm_messages_total{queue,outcome}
  void message(std::string_view queue, MessageOutcome outcome);
  /// One HTTP exchange: service "secretsmanager", operation "GetSecretValue", code "200" or an
  /// error code ("ThrottlingException", "Timeout"). edsm_api_calls_total{service,operation,code},
  /// edsm_api_call_duration_seconds{service,operation}
  void api_call(std::string_view service, std::string_view operation, std::string_view code,
                base::Duration time);
  /// edsm_reconcile_total{result}
  void reconcile(std::string_view result);
  /// edsm_queue_depth{state}
  void queue_depth(std::int64_t waiting, std::int64_t running);
  /// edsm_messages_held
  void messages_held(std::int64_t count);
  /// edsm_bindings{reason}
  void bindings_by_condition(std::string_view reason, std::int64_t count);
  /// edsm_bindings_not_allowed{namespace}
  void not_allowed(std::string_view ns, std::int64_t count);
  /// edsm_paused_bindings
  void bindings_paused(std::int64_t count);
  /// edsm_watch_restarts_total{resource,cause}
  void watch_restart(std::string_view resource, std::string_view cause);
  /// edsm_sweeps_total, edsm_sweep_compared_total, edsm_sweep_differing_total
  void sweep(std::int64_t compared, std::int64_t differing);
  /// edsm_credential_expiry_timestamp_seconds{source}
  void credential_expiry(std::string_view source, base::WallTime when);
  /// edsm_leader
  void leader(bool leading);
  /// edsm_kubernetes_events_dropped_total
  void kube_event_dropped();

  /// Prometheus text exposition format 0.0.4, with process_* and edsm_build_info.
  std::string text() const;

 private:
  struct Families;
  std::unique_ptr<Families> families_;
};

}  // namespace edsm::telemetry
