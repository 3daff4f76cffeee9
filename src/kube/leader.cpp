#include "kube/leader.hpp"

#include <algorithm>
#include <utility>

#include "kube/lease_machine.hpp"

namespace edsm::kube {

class LeaderElector::State {
 public:
  State(Api& api, base::Clock& clock, telemetry::Log& log, LeaseSettings settings)
      : api_(api), clock_(clock), log_(log), settings_(std::move(settings)), machine_(settings_) {}

  base::Task<void> acquire();
  base::Task<void> hold();
  base::Task<void> release();

  const LeaseMachine& machine() const { return machine_; }

 private:
  using Step = LeaseMachine::Step;

  base::Task<void> round(base::Instant deadline);
  base::Task<base::Result<Step>> read(base::Instant deadline);
  base::Task<base::Result<Step>> write(Step step, base::Instant deadline);
  base::Task<bool> try_release(base::Instant deadline);
  Api limited(base::Instant deadline) const;
  void failed(const base::Error& error);
  void say_holder();

  Api api_;
  base::Clock& clock_;
  telemetry::Log& log_;
  LeaseSettings settings_;
  LeaseMachine machine_;
  std::string said_holder_;
  unsigned failures_ = 0;
};

/// No request may outlast the deadline by which its answer matters.
Api LeaderElector::State::limited(base::Instant deadline) const {
  const base::Duration left = deadline - clock_.now();
  const base::Duration least = std::chrono::milliseconds(1);
  return api_.with_timeout(std::max(least, std::min(settings_.renew_deadline / 2, left)));
}

base::Task<void> LeaderElector::State::acquire() {
  for (;;) {
    const base::Instant deadline = clock_.now() + settings_.renew_deadline;
    co_await round(deadline);
    if (machine_.leads(clock_.now())) break;
    say_holder();
    co_await clock_.sleep_until(machine_.next_round(clock_.now(), clock_.random()));
  }
  said_holder_.clear();
  log_.info("this replica leads", {{"lease", settings_.name}, {"identity", settings_.identity}});
}

base::Task<void> LeaderElector::State::hold() {
  while (machine_.holds()) {
    const base::Instant give_up = machine_.give_up();
    const base::Instant next = machine_.next_round(clock_.now(), clock_.random());
    co_await clock_.sleep_until(std::min(next, give_up));
    if (clock_.now() >= give_up) break;
    co_await round(give_up);
  }
  const std::string_view why = machine_.holds() ? "not renewed in time" : "taken by another";
  log_.error("leadership lost",
             {{"lease", settings_.name}, {"why", why}, {"holder", machine_.holder()}});
  machine_.surrender();
}

/// One attempt to get or keep the lease.
base::Task<void> LeaderElector::State::round(base::Instant deadline) {
  Step step = machine_.begin(clock_.now(), clock_.wall());
  while (step != Step::rest) {
    if (clock_.now() >= deadline) co_return;
    base::Result<Step> next = Step::rest;
    if (step == Step::get) {
      next = co_await read(deadline);
    } else {
      next = co_await write(step, deadline);
    }
    if (next) {
      step = *next;
      continue;
    }
    step = machine_.failed(next.error());
    if (step == Step::rest) failed(next.error());
  }
}

base::Task<base::Result<LeaseMachine::Step>> LeaderElector::State::read(base::Instant deadline) {
  Api api = limited(deadline);
  const auto answer = co_await api.get(kLeases, settings_.ns, settings_.name);
  if (answer) {
    co_return machine_.read(LeaseRecord::decode(answer->root()), clock_.now(), clock_.wall());
  }
  if (answer.error().failure == base::Failure::absent)
    co_return machine_.read_absent(clock_.wall());
  co_return std::unexpected(answer.error());
}

base::Task<base::Result<LeaseMachine::Step>> LeaderElector::State::write(Step step,
                                                                         base::Instant deadline) {
  const base::Instant started = clock_.now();
  Api api = limited(deadline);
  base::SecretBytes body = machine_.proposal().encode(settings_);
  Api::Answer answer = base::fail(base::Failure::cancelled, "", "");
  if (step == Step::create) {
    answer = co_await api.create(kLeases, settings_.ns, std::move(body));
  } else {
    answer = co_await api.replace(kLeases, settings_.ns, settings_.name, std::move(body));
  }
  if (!answer) co_return std::unexpected(answer.error());
  failures_ = 0;
  co_return machine_.written(LeaseRecord::decode(answer->root()), started);
}

base::Task<void> LeaderElector::State::release() {
  if (!machine_.holds()) co_return;
  machine_.begin_release();
  const base::Instant deadline = clock_.now() + settings_.renew_deadline;
  while (clock_.now() < deadline) {
    const bool done = co_await try_release(deadline);
    if (done) co_return;
    co_await clock_.sleep_for(settings_.retry_period / 4);
  }
  log_.warn("the lease could not be handed back; others wait until it runs out",
            {{"lease", settings_.name}});
}

base::Task<bool> LeaderElector::State::try_release(base::Instant deadline) {
  Api api = limited(deadline);
  const auto current = co_await api.get(kLeases, settings_.ns, settings_.name);
  if (!current) co_return current.error().failure == base::Failure::absent;
  const Step step = machine_.release_read(LeaseRecord::decode(current->root()), clock_.wall());
  if (step == Step::rest) co_return true;
  base::SecretBytes body = machine_.proposal().encode(settings_);
  const auto answer = co_await api.replace(kLeases, settings_.ns, settings_.name, std::move(body));
  if (answer) log_.info("lease handed back", {{"lease", settings_.name}});
  co_return answer.has_value();
}

void LeaderElector::State::failed(const base::Error& error) {
  ++failures_;
  if ((failures_ & (failures_ - 1)) != 0) return;  // the 1st, 2nd, 4th, 8th …
  const std::string text = base::describe(error);
  log_.warn("cannot read or write the lease",
            {{"lease", settings_.name}, {"failures", failures_}, {"error", text}});
}

void LeaderElector::State::say_holder() {
  if (machine_.holder().empty() || machine_.holds() || machine_.holder() == said_holder_) return;
  said_holder_ = machine_.holder();
  log_.info("another replica leads; waiting",
            {{"lease", settings_.name}, {"holder", said_holder_}});
}

LeaderElector::LeaderElector(Api& api, base::Clock& clock, telemetry::Log& log,
                             LeaseSettings settings)
    : state_(std::make_unique<State>(api, clock, log, std::move(settings))) {}
LeaderElector::~LeaderElector() = default;

base::Task<void> LeaderElector::acquire() {
  return state_->acquire();
}
base::Task<void> LeaderElector::hold() {
  return state_->hold();
}
base::Task<void> LeaderElector::release() {
  return state_->release();
}
bool LeaderElector::leads(base::Instant now) const {
  return state_->machine().leads(now);
}
const std::string& LeaderElector::holder() const {
  return state_->machine().holder();
}

}  // namespace edsm::kube
