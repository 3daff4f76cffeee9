#include "sync/controller.hpp"

#include <functional>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "base/parallel.hpp"
#include "sync/access_listeners.hpp"
#include "sync/names.hpp"

namespace edsm::sync {

Controller::Controller(boost::asio::any_io_executor executor, Outside outside, Settings settings,
                       Digester digester)
    : observers_(executor),
      workers_(executor),
      receivers_(executor),
      shared_(
          std::move(outside), std::move(settings), std::move(digester),
          [this](WorkQueue::Taken taken) { return reconciler_.work(std::move(taken)); },
          [this](WorkQueue::Taken taken) { return rollout_worker_.work(std::move(taken)); },
          [this](WorkQueue::Taken taken) { return status_writer_.work(std::move(taken)); }),
      reconciler_(shared_),
      rollout_follower_(shared_),
      rollout_worker_(shared_, rollout_follower_),
      status_writer_(shared_) {
  shared_.bindings.follow();
  const auto on_synced = [this] { synced(); };
  const auto watch = [&](kube::Selection selection, std::unique_ptr<kube::Listener> listener) {
    auto& outside_ = shared_.outside;
    reflectors_.push_back(std::make_unique<kube::Reflector>(outside_.api, outside_.clock,
                                                            outside_.log, outside_.metrics,
                                                            std::move(selection), *listener));
    listeners_.push_back(std::move(listener));
  };
  auto places = shared_.settings.watch_namespaces;
  if (places.empty()) places.emplace_back();  // all
  for (const auto& ns : places) {
    watch({kube::kBindings, ns, "", "", kube::View::full},
          std::make_unique<BindingListener>(shared_, on_synced, ns));
    watch({kube::kSecrets, ns, std::string(kManagedSelector), "", kube::View::metadata},
          std::make_unique<TargetListener>(shared_, on_synced, ns));
    for (const auto& resource : {kube::kDeployments, kube::kStatefulSets, kube::kDaemonSets}) {
      watch({resource, ns, "", "", kube::View::metadata},
            std::make_unique<WorkloadListener>(shared_, rollout_worker_, rollout_follower_,
                                               resource, on_synced, ns));
    }
  }
  if (shared_.gate.mode() != Tenancy::off) {
    watch({kube::kAccessPolicies, "", "", "", kube::View::full},
          std::make_unique<PolicyListener>(shared_, on_synced));
    for (const auto& ns : places) {
      const auto only = ns.empty() ? std::string() : "metadata.name=" + ns;
      watch({kube::kNamespaces, "", "", only, kube::View::metadata},
            std::make_unique<NamespaceListener>(shared_, on_synced, ns));
    }
  }
  unsynced_ = reflectors_.size();
  for (std::size_t i = 0; i < shared_.outside.inboxes.size(); ++i) {
    intakes_.push_back(std::make_unique<Intake>(shared_, i));
    acknowledgers_.push_back(std::make_unique<Acknowledger>(shared_, i));
  }
  for (const auto& [name, provider] : shared_.outside.providers) {
    sweeps_.push_back(std::make_unique<Sweep>(shared_, provider));
  }
  shared_.outside.health.require("caches filled");
}

void Controller::synced() {
  if (--unsynced_ != 0) return;
  shared_.outside.health.set("caches filled", true);
  all_synced_.open();
}

base::Task<void> Controller::observe() {
  if (shared_.gate.mode() != Tenancy::off) {
    shared_.outside.log.info(
        "tenancy is on: this needs rights to list and watch SecretAccessPolicies and Namespaces, "
        "which are objects of the cluster, and waits until they are there",
        {{"tenancy", shared_.gate.mode() == Tenancy::audit ? "audit" : "enforce"},
         {"chart", "tenancy"},
         {"manifest", "config/optional/tenancy.yaml"}});
  }
  for (const auto& reflector : reflectors_) observers_.spawn(reflector->run());
  co_await all_synced_.wait();
  shared_.outside.log.info("caches filled", {{"bindings", shared_.bindings.all().size()},
                                             {"secrets", shared_.targets.size()},
                                             {"workloads", shared_.workloads.size()}});
}

void Controller::lead() {
  working_ = true;
  shared_.bindings.lead();
  for (const auto& [key, state] : shared_.bindings.all()) {
    shared_.trigger(key, WorkQueue::Priority::background);
  }
  shared_.targets.each(
      [this](const Target& target) { shared_.leftovers.notice(target, shared_.bindings); });
  for (const auto& [name, provider] : shared_.outside.providers) {
    for (std::size_t i = 0; i < shared_.settings.batches; ++i) {
      workers_.spawn(shared_.fetcher.run(*provider));
    }
  }
  workers_.spawn(shared_.binding_work.run());
  workers_.spawn(shared_.workload_work.run());
  workers_.spawn(shared_.status_work.run());
  for (const auto& acknowledger : acknowledgers_) workers_.spawn(acknowledger->run());
  workers_.spawn(rollout_follower_.run());
  for (const auto& sweep : sweeps_) receivers_.spawn(sweep->run());
  for (const auto& intake : intakes_) receivers_.spawn(intake->receive());
}

base::Task<void> Controller::finish_work() {
  using namespace boost::asio::experimental::awaitable_operators;
  shared_.binding_work.stop();
  shared_.workload_work.stop();
  co_await shared_.binding_work.drained();
  co_await shared_.workload_work.drained();
  co_await (finish_queues() && finish_reports());
}

/// Side by side: each has until the deadline.
base::Task<void> Controller::finish_queues() {
  const std::function<base::Task<void>(std::size_t)> one = [this](std::size_t i) {
    return acknowledgers_[i]->finish();
  };
  co_await base::parallel(acknowledgers_.size(), acknowledgers_.size(), one);
}

base::Task<void> Controller::finish_reports() {
  shared_.status_work.finish();
  co_await shared_.status_work.drained();
}

void Controller::measure() {
  const auto& queue = shared_.binding_work.queue();
  shared_.outside.metrics.queue_depth(static_cast<std::int64_t>(queue.waiting_count()),
                                      static_cast<std::int64_t>(queue.running_count()));
  shared_.outside.metrics.bindings_paused(
      static_cast<std::int64_t>(shared_.bindings.paused_count(shared_.pause_time())));
}

base::Task<void> Controller::stop(base::Instant deadline) {
  using namespace boost::asio::experimental::awaitable_operators;
  receivers_.cancel();
  if (working_) co_await (finish_work() || shared_.outside.clock.sleep_until(deadline));
  workers_.cancel();
  observers_.cancel();
  co_await (shared_.outside.events.flush(deadline) || shared_.outside.clock.sleep_until(deadline));
}

}  // namespace edsm::sync
