#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include "base/task_group.hpp"
#include "support/fake_cloud.hpp"
#include "support/fake_kube.hpp"
#include "support/manual_clock.hpp"
#include "support/run.hpp"
#include "support/sync_values.hpp"
#include "sync/access_listeners.hpp"
#include "sync/intake.hpp"
#include "sync/listeners.hpp"
#include "sync/reconciler.hpp"
#include "sync/rollout_worker.hpp"
#include "sync/shared.hpp"
#include "sync/status_writer.hpp"
#include "sync/sweep.hpp"

namespace edsm::support {

class MemorySink final : public telemetry::Sink {
 public:
  void write(std::string_view line) override { text += line; }
  bool has(std::string_view part) const { return text.find(part) != std::string::npos; }
  std::string text;
};

/// How many clouds a controller serves.
enum class Clouds : std::uint8_t { one, two };

/// The whole controller but its watches, between a cloud, a queue and an API server in memory. Time
/// stands still; what watches would bring is brought by `watch`. All objects are in namespace "ns".
class SyncWorld {
 public:
  explicit SyncWorld(sync::Settings settings = {}, Clouds clouds = Clouds::one)
      : log(clock, sink, telemetry::Level::debug, telemetry::Format::text),
        api(kube, kube, authority, clock, metrics, "https://kube", "edsm"),
        events(api, clock, log, metrics, "edsm.io/controller", "test"),
        shared(
            outside(clouds), std::move(settings), digester(),
            [this](sync::WorkQueue::Taken taken) { return reconciler.work(std::move(taken)); },
            [this](sync::WorkQueue::Taken taken) { return rollouts.work(std::move(taken)); },
            [this](sync::WorkQueue::Taken taken) { return status_writer.work(std::move(taken)); }),
        reconciler(shared),
        follower(shared),
        rollouts(shared, follower),
        status_writer(shared),
        acknowledger(shared, 0),
        other_acknowledger(shared, 1),
        intake(shared, 0),
        other_intake(shared, 1),
        bindings(shared, nullptr),
        targets(shared, nullptr),
        policies(shared, nullptr),
        namespaces(shared, nullptr),
        deployments(shared, rollouts, follower, kube::kDeployments, nullptr),
        tasks(io.get_executor()) {
    clock.set_random(123'456'789'123);  // never zero, or retries would come at once
  }
  ~SyncWorld() {
    tasks.cancel();
    poll();
    clock.advance(std::chrono::hours(100'000));
    poll();
  }
  SyncWorld(const SyncWorld&) = delete;
  SyncWorld& operator=(const SyncWorld&) = delete;

  /// Starts what works; without it, nothing but the stores and queues moves.
  void start() {
    for (const auto& [name, each] : shared.outside.providers) {
      for (int i = 0; i < 2; ++i) tasks.spawn(shared.fetcher.run(*each));
    }
    tasks.spawn(shared.binding_work.run());
    tasks.spawn(shared.workload_work.run());
    tasks.spawn(shared.status_work.run());
    tasks.spawn(acknowledger.run());
    tasks.spawn(follower.run());
    tasks.spawn(intake.receive());
    if (shared.outside.inboxes.size() < 2) return;
    tasks.spawn(other_acknowledger.run());
    tasks.spawn(other_intake.receive());
  }

  void poll() {
    io.restart();
    io.poll();
  }
  /// Brings every change of objects since the last time.
  void watch() {
    for (const auto& change : kube.take_changes()) deliver(change);
  }
  /// Until nothing moves any more at this time.
  void go() {
    poll();
    for (auto changes = kube.take_changes(); !changes.empty(); changes = kube.take_changes()) {
      for (const auto& change : changes) deliver(change);
      poll();
    }
  }
  /// Lets time pass in small steps, working all the while.
  void pass(base::Duration time, base::Duration step = std::chrono::milliseconds(250)) {
    for (; time > base::Duration::zero(); time -= step) {
      clock.advance(step);
      go();
    }
  }

  static std::string secret(std::string_view name) {
    return fmt::format("/api/v1/namespaces/ns/secrets/{}", name);
  }
  static std::string binding(std::string_view name) {
    return fmt::format("/apis/secrets.edsm.io/v1alpha1/namespaces/ns/eventdrivensecrets/{}", name);
  }
  static std::string deployment(std::string_view name) {
    return fmt::format("/apis/apps/v1/namespaces/ns/deployments/{}", name);
  }
  static base::ObjectKey key(std::string name) { return {"ns", std::move(name)}; }

  static std::string policy(std::string_view name) {
    return fmt::format("/apis/secrets.edsm.io/v1alpha1/secretaccesspolicies/{}", name);
  }
  /// A SecretAccessPolicy by its spec, as its JSON.
  void permit(std::string_view name, std::string_view spec) {
    kube.put(policy(name), {{"spec", json(spec)}});
  }
  /// The Namespace "ns" gets exactly these labels, as their JSON.
  void label(std::string_view labels) {
    kube.put("/api/v1/namespaces/ns", {{"metadata", {{"labels", json(labels)}}}});
  }

  /// A binding of the cloud secret `path` to the Secret `target`; `more` are further members of its
  /// spec.
  void bind(std::string_view name, std::string_view path, std::string_view target,
            std::string_view more = "") {
    bind_to("aws", name, path, target, more);
  }
  /// The same, of the other cloud.
  void bind_other(std::string_view name, std::string_view path, std::string_view target) {
    bind_to("other", name, path, target, "");
  }
  /// Binding "b" of cloud secret "db" to "t", which Deployment "w" uses: all in order, and nothing
  /// of how it came to that is left among what was seen.
  void settle_in_order(const std::string& value) {
    provider.set("db", "v1", value);
    bind("b", "db", "t");
    start();
    go();
    clock.advance(std::chrono::seconds(10));
    deploy("w", R"(["t"])");
    go();
    pass(std::chrono::seconds(5));
    kube.seen.clear();
    provider.batches.clear();
  }
  /// A Deployment that was made long ago and names these Secrets: R"(["a"])".
  void deploy(std::string_view name, std::string_view secrets) {
    FakeKube::Object metadata{{"annotations", {{"eventsecrets", secrets}}}};
    kube.put(deployment(name),
             {{"metadata", metadata}, {"spec", {{"template", FakeKube::Object()}}}});
  }

  /// The value of a key of a Secret, decoded; "(none)" if it is not there.
  std::string data(std::string_view name, std::string_view item) const {
    const auto* const object = kube.find(secret(name));
    if (object == nullptr || !object->contains("data")) return "(none)";
    const auto* const found = object->at("data").as_object().if_contains(item);
    if (found == nullptr) return "(none)";
    return std::string(base::base64_decode(std::string_view(found->as_string()))->view());
  }
  std::string annotation(const std::string& path, std::string_view name) const {
    const auto* const object = kube.find(path);
    if (object == nullptr) return "(none)";
    const auto* const all = object->at("metadata").as_object().if_contains("annotations");
    const auto* const found = all == nullptr ? nullptr : all->as_object().if_contains(name);
    return found == nullptr ? "" : std::string(found->as_string());
  }
  /// Requests that replaced pods.
  std::size_t restarts(std::string_view name) const {
    std::size_t count = 0;
    for (const auto& seen : kube.seen) {
      const bool patch = seen.method == net::Method::patch && seen.path == deployment(name);
      if (patch && seen.body.find("template") != std::string::npos) ++count;
    }
    return count;
  }
  std::size_t writes(std::string_view name) const {
    return kube.count(net::Method::patch, secret(name)) +
           kube.count(net::Method::post, "/secrets") + kube.count(net::Method::del, secret(name));
  }
  std::size_t fetches() const { return provider.batches.size(); }
  const sync::BindingState& state(std::string name) {
    return *shared.bindings.find(key(std::move(name)));
  }
  std::string reason(std::string name) { return state(std::move(name)).report.reason.str(); }

  // The context is the last to go, since coroutines and timers hold on to it.
  boost::asio::io_context io{1};
  ManualClock clock;
  MemorySink sink;
  telemetry::Log log;
  telemetry::Metrics metrics;
  telemetry::Health health;
  FakeKube kube;
  OpenAuthority authority;
  kube::Api api;
  kube::EventRecorder events;
  FakeProvider provider;
  FakeProvider other{"other"};  ///< like its queue, only of a world with two clouds
  FakeInbox inbox;
  FakeInbox other_inbox{"other/queue"};
  bool leads = true;
  sync::Shared shared;
  sync::Reconciler reconciler;
  sync::RolloutFollower follower;
  sync::RolloutWorker rollouts;
  sync::StatusWriter status_writer;
  sync::Acknowledger acknowledger;
  sync::Acknowledger other_acknowledger;
  sync::Intake intake;
  sync::Intake other_intake;
  sync::BindingListener bindings;
  sync::TargetListener targets;
  sync::PolicyListener policies;
  sync::NamespaceListener namespaces;
  sync::WorkloadListener deployments;
  base::TaskGroup tasks;

 private:
  sync::Outside outside(Clouds clouds) {
    sync::Outside all{.clock = clock,
                      .log = log,
                      .metrics = metrics,
                      .health = health,
                      .api = api,
                      .events = events,
                      .providers = {{"aws", &provider}},
                      .inboxes = {&inbox},
                      .may_write = [this] { return leads; }};
    if (clouds == Clouds::one) return all;
    all.providers.emplace("other", &other);
    all.inboxes.push_back(&other_inbox);
    return all;
  }

  void bind_to(std::string_view provider_name, std::string_view name, std::string_view path,
               std::string_view target, std::string_view more) {
    auto object = json(fmt::format(
        R"({{"metadata":{{"generation":1}},"spec":{{"cloudProvider":"{}","secretPath":"{}","targetSecretName":"{}"{}{}}}}})",
        provider_name, path, target, more.empty() ? "" : ",", more));
    kube.put(binding(name), object.as_object());
  }

  void deliver(const FakeKube::Change& change) {
    const boost::json::value whole = change.object;
    const boost::json::value metadata = {{"metadata", change.object.at("metadata")}};
    if (change.path.find("/eventdrivensecrets/") != std::string::npos) {
      change.deleted ? bindings.removed(whole) : bindings.applied(whole);
    } else if (change.path.find("/secretaccesspolicies/") != std::string::npos) {
      change.deleted ? policies.removed(whole) : policies.applied(whole);
    } else if (change.path.rfind("/namespaces/") + 12 == change.path.rfind('/') + 1) {
      change.deleted ? namespaces.removed(metadata) : namespaces.applied(metadata);
    } else if (change.path.find("/deployments/") != std::string::npos) {
      change.deleted ? deployments.removed(metadata) : deployments.applied(metadata);
    } else if (change.path.find("/secrets/") != std::string::npos) {
      const auto target = sync::decode_target(metadata);
      if (!change.deleted && target.labelled) return targets.applied(metadata);
      // A Secret that was never selected is not said to be gone.
      if (shared.targets.find(target.key) != nullptr) targets.removed(metadata);
    }
  }
};

}  // namespace edsm::support
