#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "base/slots.hpp"
#include "cloud/provider.hpp"
#include "kube/api.hpp"
#include "kube/events.hpp"
#include "sync/binding_store.hpp"
#include "sync/digest.hpp"
#include "sync/dispatcher.hpp"
#include "sync/fetcher.hpp"
#include "sync/gate.hpp"
#include "sync/leftovers.hpp"
#include "sync/rollout.hpp"
#include "sync/target.hpp"
#include "sync/tickets.hpp"
#include "sync/workload.hpp"
#include "telemetry/health.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

namespace edsm::sync {

/// The knobs of the controller; the flags of `edsm run` say what each is for.
struct Settings {
  std::vector<std::string> watch_namespaces;  ///< each once; none: all
  std::string field_manager = "edsm";
  Tenancy tenancy = Tenancy::off;
  std::size_t workers = 64;          ///< bindings of one provider in work at once
  std::size_t batches = 8;           ///< value reads of one provider in flight at once
  std::size_t secret_requests = 48;  ///< requests on Secrets in flight at once
  std::size_t rollout_workers = 16;  ///< workload patches in flight at once
  std::size_t status_workers = 8;    ///< status patches in flight at once
  double rollouts_per_second = 20;   ///< sustained; a burst of five seconds' worth is allowed
  base::Duration rollout_window = std::chrono::seconds(1);
  base::Duration resync_interval = std::chrono::minutes(30);
  /// How long a failing binding keeps its messages before they go back to their queue.
  base::Duration patience = std::chrono::minutes(2);
  int poison_receives = 10;  ///< a message without a dead-letter queue is given up after so many
  std::size_t messages_in_work = 1000;  ///< per queue; more are not received
};

/// What the world offers.
struct Outside {
  base::Clock& clock;
  telemetry::Log& log;
  telemetry::Metrics& metrics;
  telemetry::Health& health;
  kube::Api& api;
  kube::EventRecorder& events;
  Providers providers;
  std::vector<cloud::Inbox*> inboxes;
  std::function<bool()> may_write;  ///< false once leadership may be lost
};

/// Everything that the controller's parts know together. One thread: no locks.
struct Shared {
  Shared(Outside outside_, Settings settings_, Digester digester_, Dispatcher::Work reconcile,
         Dispatcher::Work rollout, Dispatcher::Work status)
      : outside(std::move(outside_)),
        settings(std::move(settings_)),
        digester(std::move(digester_)),
        bindings(outside.providers),
        gate(settings.tenancy),
        binding_work(outside.clock, settings.workers, std::move(reconcile)),
        workload_work(outside.clock, settings.rollout_workers, std::move(rollout)),
        status_work(outside.clock, settings.status_workers, std::move(status)),
        fetcher(
            outside.clock, outside.metrics,
            [this](const base::Text& source_id) { return expected_consumers(source_id); },
            [this](const cloud::Provider& provider) { return about_to_ask(provider); },
            [this](const std::string& consumer) { return permitted(consumer); }),
        ledger_wakes(outside.inboxes.size()),
        secret_requests(settings.secret_requests) {}

  /// Where a binding's work waits and runs: each provider has a lane of its own, so that bindings
  /// of one that does not answer take no place of another's. Those without a provider wait for
  /// none, and have one, too.
  std::size_t lane_of(const cloud::Provider* provider) const;
  std::size_t lane_of(const BindingState& state) const { return lane_of(state.provider); }
  /// Asks for a reconcile of one binding at that time.
  void look_again(const base::ObjectKey& key, base::Instant due,
                  WorkQueue::Priority priority = WorkQueue::Priority::live);
  /// Asks for a reconcile of one binding, because of something that happened just now.
  void trigger(const base::ObjectKey& key,
               WorkQueue::Priority priority = WorkQueue::Priority::live);
  /// Asks for a look at every workload that names the Secret, `delay` from now.
  std::vector<std::string> trigger_users(const base::ObjectKey& secret, base::Duration delay);
  /// A queue gave all that fits in an answer, so until then about so many more changes may come for
  /// the lane.
  void expect_more(std::size_t lane, std::size_t count, base::Instant until);
  /// Something in the ledger changed: acknowledge, return, hold.
  void ledger_changed();
  /// Status of this binding should be written, a moment later: changes go first.
  void status_changed(const base::ObjectKey& key);
  /// A binding's reason went from one to another (empty: none): for the gauge of bindings by
  /// reason.
  void count_reason(const base::Text& from, const base::Text& to);
  /// What the gate has judged of a binding, or that it is gone (allowed): for the gauge of those
  /// that are refused. Returns what it was before.
  Verdict::Kind note_verdict(const base::ObjectKey& key, Verdict::Kind kind);
  /// The API server's time of day, by which pauses are judged. Each of its answers may set the
  /// estimate of it back a little, but a pause that is over must not begin again: so this stands
  /// still until the estimate has caught up.
  base::WallTime pause_time() const;
  /// The binding's pause at this moment.
  Pause pause_of(const Binding& binding) const;
  /// What must happen to a workload, by the targets as last seen; those of paused bindings count as
  /// not there, so what was recorded of them stays as it is.
  RolloutDecision rollout_of(const Workload& workload) const;
  kube::ObjectReference reference(const Binding& binding) const;
  kube::ObjectReference reference(const Workload& workload) const;

  Outside outside;
  Settings settings;
  Digester digester;
  BindingStore bindings;
  Gate gate;
  TargetStore targets;
  WorkloadStore workloads;
  Leftovers leftovers;
  TicketLedger ledger;
  Dispatcher binding_work;
  Dispatcher workload_work;
  Dispatcher status_work;
  Fetcher fetcher;
  std::deque<base::Notify> ledger_wakes;  ///< one for each queue
  /// etcd commits together what comes together, so many at once cost it less than a few do; each
  /// takes a connection, since what carries values does not share one (docs/decisions/crowds.md).
  base::Slots secret_requests;

 private:
  struct More {
    base::Instant until;
    std::size_t count = 0;
  };
  std::map<base::Text, std::int64_t> per_reason_;
  mutable base::WallTime pause_time_;
  std::map<std::size_t, More> more_;  ///< by lane
  std::size_t about_to_ask(const cloud::Provider& provider) const;
  std::vector<std::string> expected_consumers(const base::Text& source_id) const;
  bool permitted(const std::string& consumer) const;
};

/// "ns/name", as a queue and the ledger name a binding.
base::ObjectKey parse_key(const std::string& text);

}  // namespace edsm::sync
