#pragma once

#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/notify.hpp"
#include "base/task.hpp"
#include "base/task_group.hpp"
#include "sync/intake.hpp"
#include "sync/listeners.hpp"
#include "sync/reconciler.hpp"
#include "sync/rollout_follower.hpp"
#include "sync/rollout_worker.hpp"
#include "sync/shared.hpp"
#include "sync/status_writer.hpp"
#include "sync/sweep.hpp"

namespace edsm::sync {

/// The controller as a whole: puts the parts together and starts and stops them in order.
class Controller {
 public:
  Controller(boost::asio::any_io_executor executor, Outside outside, Settings settings,
             Digester digester);

  /// Fills the caches and keeps them fresh; returns when they are complete. A replica that does not
  /// lead does only this.
  base::Task<void> observe();
  /// Starts the work: reconciles, rollouts, sweep, queues.
  void lead();
  /// Takes nothing new, finishes what is under way (at most until `deadline`), acknowledges it,
  /// then cancels the rest.
  base::Task<void> stop(base::Instant deadline);
  /// Sets the gauges that are worth nothing between two looks at them.
  void measure();

 private:
  void synced();
  base::Task<void> finish_work();
  base::Task<void> finish_queues();
  base::Task<void> finish_reports();

  base::TaskGroup observers_;
  base::TaskGroup workers_;
  base::TaskGroup receivers_;
  Shared shared_;
  Reconciler reconciler_;
  RolloutFollower rollout_follower_;
  RolloutWorker rollout_worker_;
  StatusWriter status_writer_;
  std::vector<std::unique_ptr<Sweep>> sweeps_;
  std::vector<std::unique_ptr<Intake>> intakes_;
  std::vector<std::unique_ptr<Acknowledger>> acknowledgers_;
  std::vector<std::unique_ptr<kube::Listener>> listeners_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
  std::size_t unsynced_ = 0;
  base::Gate all_synced_;
  bool working_ = false;
};

}  // namespace edsm::sync
