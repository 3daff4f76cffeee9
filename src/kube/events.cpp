#include "kube/events.hpp"

#include <algorithm>
#include <utility>

#include "base/backoff.hpp"
#include "base/notify.hpp"
#include "kube/event_series.hpp"

namespace edsm::kube {
namespace {

using base::Failure;

constexpr unsigned kTries = 5;
/// An Event is a report about a write, which is often followed by the next one: it waits for them.
constexpr base::Duration kReportAfter = std::chrono::milliseconds(200);
constexpr base::Duration kLongestWait = std::chrono::seconds(30);
constexpr base::Duration kRequestTimeout = std::chrono::seconds(15);

bool worth_another_try(const base::Error& error) {
  return error.failure == Failure::transient || error.failure == Failure::throttled;
}

}  // namespace

class EventRecorder::State {
 public:
  State(Api& api, base::Clock& clock, telemetry::Log& log, telemetry::Metrics& metrics,
        std::string controller, std::string instance)
      : api_(api),
        clock_(clock),
        log_(log),
        metrics_(metrics),
        series_(std::move(controller), std::move(instance)) {}

  void record(EventNote note);
  base::Task<void> run();
  base::Task<void> flush(base::Instant deadline);

 private:
  base::Task<void> write_one(EventSeries::Write write, base::Instant deadline);
  base::Task<Api::Answer> send(EventSeries::Write write, base::Instant deadline);
  void give_up(const base::Error& error);

  Api api_;
  base::Clock& clock_;
  telemetry::Log& log_;
  telemetry::Metrics& metrics_;
  EventSeries series_;
  base::Notify changed_;
  bool failing_ = false;
};

void EventRecorder::State::record(EventNote note) {
  switch (series_.add(std::move(note), clock_.now(), clock_.wall())) {
    case EventSeries::Verdict::queued:
    case EventSeries::Verdict::counted:
      changed_.notify();  // a counted one may be the first that is due later
      break;
    case EventSeries::Verdict::limited:
    case EventSeries::Verdict::full:
      metrics_.kube_event_dropped();
      break;
  }
}

base::Task<void> EventRecorder::State::run() {
  for (;;) {
    auto write = series_.next(clock_.now());
    if (write) {
      co_await write_one(std::move(*write), base::Instant::max());
      continue;
    }
    const auto due = series_.due();
    if (due) {
      co_await changed_.wait_until(clock_, *due);
    } else {
      co_await changed_.wait();
      co_await clock_.sleep_for(kReportAfter);
    }
  }
}

base::Task<void> EventRecorder::State::flush(base::Instant deadline) {
  while (clock_.now() < deadline) {
    auto write = series_.next(clock_.now());
    if (!write) co_return;
    co_await write_one(std::move(*write), deadline);
  }
}

/// Until cancelled, the write stays the next one: whoever comes after repeats it under the same
/// name, so that it cannot be there twice.
base::Task<void> EventRecorder::State::write_one(EventSeries::Write write, base::Instant deadline) {
  base::Backoff backoff(std::chrono::seconds(1), std::chrono::seconds(10));
  for (unsigned tries = 1;; ++tries) {
    EventSeries::Write attempt{write.create, write.ns, write.name, write.body.clone()};
    const auto answer = co_await send(std::move(attempt), deadline);
    if (answer) {
      failing_ = false;
      series_.done(clock_.now());
      co_return;
    }
    const base::Error& error = answer.error();
    if (write.create && error.code == "AlreadyExists") {
      // Our names are unique: it is our own, whose answer was lost.
      series_.done(clock_.now());
      co_return;
    }
    if (!write.create && error.failure == Failure::absent) {
      series_.again_as_new(clock_.wall());  // its time to live is over
      co_return;
    }
    if (!worth_another_try(error) || tries == kTries) {
      give_up(error);
      co_return;
    }
    base::Duration wait = backoff.next(clock_.random());
    if (error.retry_after) wait = std::max(wait, base::Duration(*error.retry_after));
    wait = std::min(wait, kLongestWait);
    if (clock_.now() >= deadline || deadline - clock_.now() <= wait) {
      give_up(error);
      co_return;
    }
    co_await clock_.sleep_for(wait);
  }
}

base::Task<Api::Answer> EventRecorder::State::send(EventSeries::Write write,
                                                   base::Instant deadline) {
  const base::Instant now = clock_.now();
  const base::Duration least = std::chrono::milliseconds(1);
  base::Duration timeout = kRequestTimeout;
  if (deadline < now + timeout) timeout = std::max(least, deadline - now);
  Api api = api_.with_timeout(timeout);
  if (write.create) {
    co_return co_await api.create(kEvents, std::move(write.ns), std::move(write.body));
  }
  PatchOptions options;
  options.type = PatchType::strategic;
  co_return co_await api.patch(kEvents, std::move(write.ns), std::move(write.name),
                               std::move(write.body), options);
}

void EventRecorder::State::give_up(const base::Error& error) {
  series_.drop();
  metrics_.kube_event_dropped();
  // Normal while a namespace goes away; otherwise said once until it works again.
  if (failing_ || error.code == "NamespaceTerminating" || error.failure == Failure::absent) return;
  failing_ = true;
  const std::string text = base::describe(error);
  log_.warn("an Event was dropped; grant create and patch on events.events.k8s.io if refused",
            {{"error", text}});
}

EventRecorder::EventRecorder(Api& api, base::Clock& clock, telemetry::Log& log,
                             telemetry::Metrics& metrics, std::string controller,
                             std::string instance)
    : state_(std::make_unique<State>(api, clock, log, metrics, std::move(controller),
                                     std::move(instance))) {}
EventRecorder::~EventRecorder() = default;

void EventRecorder::record(ObjectReference about, EventType type, std::string reason,
                           std::string action, std::string note) {
  state_->record({std::move(about), type, std::move(reason), std::move(action), std::move(note)});
}

base::Task<void> EventRecorder::run() {
  return state_->run();
}

base::Task<void> EventRecorder::flush(base::Instant deadline) {
  return state_->flush(deadline);
}

}  // namespace edsm::kube
