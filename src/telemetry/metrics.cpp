#include "telemetry/metrics.hpp"

#include <algorithm>
#include <sstream>
#include <vector>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "base/free_memory.hpp"
#include "telemetry/process.hpp"
#include "telemetry/series.hpp"
#include "telemetry/target_metrics.hpp"

namespace edsm::telemetry {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;

template <std::size_t labels>
using Counters = Series<Counter, labels>;
template <std::size_t labels>
using Gauges = Series<Gauge, labels>;
template <std::size_t labels>
using Histograms = Series<Histogram, labels>;

/// What is collected for a page is several times its size, and is better given back than kept until
/// the next one.
constexpr std::size_t kLargePage = 256 * 1024;

/// Part of the values (error codes) is named by peers.
constexpr std::size_t max_api_series = 2'000;

std::string_view name_of(Step step) {
  switch (step) {
    case Step::event_age:
      return "event_age";
    case Step::queue_wait:
      return "queue_wait";
    case Step::fetch:
      return "fetch";
    case Step::apply:
      return "apply";
    case Step::rollout:
      return "rollout";
    case Step::total:
      return "total";
  }
  return "unknown";
}

std::string_view name_of(Arrival at) {
  switch (at) {
    case Arrival::secret:
      return "secret";
    case Arrival::workload:
      return "workload";
    case Arrival::pods:
      return "pods";
  }
  return "unknown";
}

std::string_view name_of(MessageOutcome outcome) {
  switch (outcome) {
    case MessageOutcome::matched:
      return "matched";
    case MessageOutcome::unmatched:
      return "unmatched";
    case MessageOutcome::irrelevant:
      return "irrelevant";
    case MessageOutcome::malformed:
      return "malformed";
    case MessageOutcome::dropped:
      return "dropped";
    case MessageOutcome::settled:
      return "settled";
    case MessageOutcome::returned:
      return "returned";
  }
  return "unknown";
}

/// Seconds; a step in a healthy cluster takes milliseconds, a call that times out half a minute.
const Histogram::BucketBoundaries& buckets() {
  static const Histogram::BucketBoundaries bounds = {
      0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
  return bounds;
}

/// Seconds; below one the time of an event, in whole seconds, says nothing. Minutes are those of
/// CloudTrail, half an hour is the sweep's.
const Histogram::BucketBoundaries& arrival_buckets() {
  static const Histogram::BucketBoundaries bounds = {0.5, 1,  1.5, 2,   3,   5,   10,
                                                     30,  60, 120, 300, 600, 1800};
  return bounds;
}

double seconds(base::Duration time) {
  return std::chrono::duration<double>(time).count();
}

double number(std::int64_t count) {
  return static_cast<double>(count);
}

prometheus::MetricFamily single(std::string name, std::string help, prometheus::MetricType type,
                                double value) {
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter) metric.counter.value = value;
  if (type == prometheus::MetricType::Gauge) metric.gauge.value = value;
  return {std::move(name), std::move(help), type, {std::move(metric)}};
}

void append_process(std::vector<prometheus::MetricFamily>& families) {
  const auto process = read_process();
  if (!process) return;
  using enum prometheus::MetricType;
  const auto add = [&](const char* name, const char* help, prometheus::MetricType type,
                       double value) { families.push_back(single(name, help, type, value)); };
  add("process_cpu_seconds_total", "User and system CPU time spent, in seconds.", Counter,
      process->stats.cpu_seconds);
  add("process_resident_memory_bytes", "Resident memory size in bytes.", Gauge,
      process->stats.resident_bytes);
  add("process_virtual_memory_bytes", "Virtual memory size in bytes.", Gauge,
      process->stats.virtual_bytes);
  add("process_start_time_seconds", "Start time of the process, in seconds since 1970.", Gauge,
      process->start_time);
  add("process_open_fds", "Number of open file descriptors.", Gauge, process->open_fds);
  add("process_max_fds", "Largest number of file descriptors that may be open.", Gauge,
      process->max_fds);
}

}  // namespace

struct Metrics::Families {
  prometheus::Registry registry;

  prometheus::Family<Counter>& counter(const char* name, const char* help) {
    return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<Gauge>& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<Histogram>& histogram(const char* name, const char* help) {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  Gauges<1> total_bindings{
      gauge("edsm_total_eventdrivensecrets", "EventDrivenSecrets that exist, by namespace."),
      {"namespace"}};
  TargetMetrics targets;

  Histograms<1> steps{histogram("edsm_step_duration_seconds",
                                "Time that each step of a change took. event_age: from sending of "
                                "the event to its receipt; "
                                "total: from its receipt to the finished rollout."),
                      {"step"}};
  Histograms<1> arrivals{
      histogram("edsm_change_arrival_seconds",
                "Time from a change in the cloud, by the event's own time (AWS: in whole seconds, "
                "so up to one is added), until the Secret held it (secret), until a workload was "
                "patched to restart with it (workload) and until the last pod of that was replaced "
                "and available (pods). Without changes that no event told."),
      {"at"}};
  Counters<2> messages{
      counter(
          "edsm_messages_total",
          "Received queue messages by what became of them. Rising malformed, dropped or returned "
          "need a look at the log."),
      {"queue", "outcome"}};
  Counters<3> api_calls{
      counter("edsm_api_calls_total",
              "Outgoing API calls by service, operation and HTTP status or error code."),
      {"service", "operation", "code"},
      max_api_series};
  Histograms<2> api_durations{
      histogram("edsm_api_call_duration_seconds", "Time from an outgoing API call to its answer."),
      {"service", "operation"},
      max_api_series};
  Counters<1> reconciles{
      counter("edsm_reconcile_total", "Finished reconciles of an EventDrivenSecret, by result."),
      {"result"}};
  Gauges<1> queue_depth{
      gauge("edsm_queue_depth", "EventDrivenSecrets that wait for a reconcile or are in one."),
      {"state"}};
  Gauges<0> messages_held{gauge("edsm_messages_held",
                                "Queue messages that were received and whose effect is not "
                                "finished; each is acknowledged later."),
                          {}};
  Gauges<1> bindings{
      gauge("edsm_bindings", "EventDrivenSecrets by the reason of their Ready condition."),
      {"reason"}};
  Gauges<1> not_allowed{
      gauge(
          "edsm_bindings_not_allowed",
          "EventDrivenSecrets that no SecretAccessPolicy permits: refused with --tenancy=enforce, "
          "and if they have a role of their own; else, with audit, synced all the same."),
      {"namespace"}};
  Gauges<0> paused{gauge("edsm_paused_bindings",
                         "EventDrivenSecrets that the annotation secrets.edsm.io/paused-until "
                         "keeps from being worked on."),
                   {}};
  Counters<2> watch_restarts{counter("edsm_watch_restarts_total",
                                     "Restarts of Kubernetes watches, by resource and cause."),
                             {"resource", "cause"}};
  Counters<0> sweeps{counter("edsm_sweeps_total",
                             "Finished sweeps: comparisons of all version ids with the cloud."),
                     {}};
  Counters<0> sweep_compared{
      counter("edsm_sweep_compared_total", "Version ids that sweeps have compared."), {}};
  Counters<0> sweep_differing{
      counter(
          "edsm_sweep_differing_total",
          "Version ids that sweeps found changed. Each is a change whose event did not arrive."),
      {}};
  Gauges<1> credential_expiry{
      gauge("edsm_credential_expiry_timestamp_seconds",
            "When the cloud credentials in use expire, in seconds since 1970."),
      {"source"}};
  Gauges<0> leader{
      gauge("edsm_leader", "1 while this replica leads (writes and consumes messages), else 0."),
      {}};
  Counters<0> events_dropped{
      counter("edsm_kubernetes_events_dropped_total",
              "Kubernetes Events that were not sent because too many were waiting."),
      {}};
};

Metrics::Metrics() : families_(std::make_unique<Families>()) {
  // What has no open set of labels exists from the start, so that rates and alerts see the zero.
  Families& f = *families_;
  for (int step = 0; step <= static_cast<int>(Step::total); ++step) {
    f.steps.get({name_of(static_cast<Step>(step))}, buckets());
  }
  for (const auto at : {Arrival::secret, Arrival::workload, Arrival::pods}) {
    f.arrivals.get({name_of(at)}, arrival_buckets());
  }
  f.sweeps.get({});
  f.sweep_compared.get({});
  f.sweep_differing.get({});
  f.events_dropped.get({});
  messages_held(0);
  bindings_paused(0);
  queue_depth(0, 0);
  leader(false);
  prometheus::BuildGauge()
      .Name("edsm_build_info")
      .Help("Always 1; the label says which version runs.")
      .Register(f.registry)
      .Add({{"version", EDSM_VERSION}})
      .Set(1);
}

Metrics::~Metrics() = default;

void Metrics::total_bindings(std::string_view ns, std::int64_t count) {
  families_->total_bindings.get({ns}).Set(number(count));
}

void Metrics::workloads_using(std::string_view secret, std::string_view ns, std::int64_t count) {
  families_->targets.workloads(count, secret, ns);
}

void Metrics::secret_fetched(std::string_view secret, std::string_view ns) {
  families_->targets.count(TargetMetrics::Counter::fetched, secret, ns);
}

void Metrics::secret_created(std::string_view secret, std::string_view ns) {
  families_->targets.count(TargetMetrics::Counter::created, secret, ns);
}

void Metrics::secret_updated(std::string_view secret, std::string_view ns) {
  families_->targets.count(TargetMetrics::Counter::updated, secret, ns);
}

void Metrics::rollout(std::string_view secret, std::string_view ns) {
  families_->targets.count(TargetMetrics::Counter::rollouts, secret, ns);
}

void Metrics::forget_target(std::string_view secret, std::string_view ns) {
  families_->targets.forget(secret, ns);
}

void Metrics::drift_healed(std::string_view secret, std::string_view ns) {
  families_->targets.count(TargetMetrics::Counter::drift_healed, secret, ns);
}

void Metrics::step(Step step, base::Duration time) {
  families_->steps.get({name_of(step)}, buckets()).Observe(seconds(time));
}

void Metrics::change_arrived(Arrival at, base::Duration time) {
  const auto shown = std::max(time, base::Duration::zero());
  families_->arrivals.get({name_of(at)}, arrival_buckets()).Observe(seconds(shown));
}

void Metrics::message(std::string_view queue, MessageOutcome outcome) {
  families_->messages.get({queue, name_of(outcome)}).Increment();
}

void Metrics::api_call(std::string_view service, std::string_view operation, std::string_view code,
                       base::Duration time) {
  families_->api_calls.get({service, operation, code}).Increment();
  families_->api_durations.get({service, operation}, buckets()).Observe(seconds(time));
}

void Metrics::reconcile(std::string_view result) {
  families_->reconciles.get({result}).Increment();
}

void Metrics::queue_depth(std::int64_t waiting, std::int64_t running) {
  families_->queue_depth.get({"waiting"}).Set(number(waiting));
  families_->queue_depth.get({"running"}).Set(number(running));
}

void Metrics::messages_held(std::int64_t count) {
  families_->messages_held.get({}).Set(number(count));
}

void Metrics::bindings_by_condition(std::string_view reason, std::int64_t count) {
  families_->bindings.get({reason}).Set(number(count));
}

void Metrics::not_allowed(std::string_view ns, std::int64_t count) {
  families_->not_allowed.get({ns}).Set(number(count));
}

void Metrics::bindings_paused(std::int64_t count) {
  families_->paused.get({}).Set(number(count));
}

void Metrics::watch_restart(std::string_view resource, std::string_view cause) {
  families_->watch_restarts.get({resource, cause}).Increment();
}

void Metrics::sweep(std::int64_t compared, std::int64_t differing) {
  families_->sweeps.get({}).Increment();
  families_->sweep_compared.get({}).Increment(number(compared));
  families_->sweep_differing.get({}).Increment(number(differing));
}

void Metrics::credential_expiry(std::string_view source, base::WallTime when) {
  families_->credential_expiry.get({source}).Set(seconds(when.time_since_epoch()));
}

void Metrics::leader(bool leading) {
  families_->leader.get({}).Set(leading ? 1 : 0);
}

void Metrics::kube_event_dropped() {
  families_->events_dropped.get({}).Increment();
}

std::string Metrics::text() const {
  std::ostringstream out;
  {
    std::vector<prometheus::MetricFamily> families = families_->registry.Collect();
    append_process(families);
    // A family without series says nothing.
    std::erase_if(families, [](const auto& family) { return family.metric.empty(); });
    prometheus::TextSerializer().Serialize(out, families);
  }
  std::string page = std::move(out).str();
  families_->targets.append_to(page);
  if (page.size() >= kLargePage) base::give_free_memory_back();
  return page;
}

}  // namespace edsm::telemetry
