#include "sync/intake.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"

namespace edsm::sync {
namespace {

using telemetry::MessageOutcome;

constexpr base::Duration kFirstPause = std::chrono::milliseconds(500);
constexpr base::Duration kLongestPause = std::chrono::seconds(30);
/// While a crowd of messages is in work, acknowledgements wait until most of it is through: a
/// Secret that is still wrong is more urgent, and the queue has as much work with one message as
/// with a full call. Not for long, since what was not acknowledged is done again after a crash.
constexpr std::size_t kCrowd = 10;
constexpr base::Duration kGather = std::chrono::seconds(2);
constexpr int kGatherPart = 15;  ///< of the time for which the queue holds a message, at most
constexpr base::Duration kLookAgain = std::chrono::milliseconds(100);
/// A queue that has more answers again within this time.
constexpr base::Duration kNextAnswer = std::chrono::milliseconds(30);

/// What the health probe calls it. A cloud that does not answer is no reason to end the process,
/// which serves others, too: only a call that never returns is.
std::string heartbeat(std::string_view queue) {
  return "queue " + std::string(queue);
}

}  // namespace

base::Task<void> Intake::receive() {
  auto& outside = shared_.outside;
  const std::string name(inbox().name());
  base::Backoff backoff(kFirstPause, kLongestPause);
  bool known = false;
  bool trouble = false;
  outside.health.expect(heartbeat(name), inbox().stuck_after(), outside.clock.now());
  while (!stopping_) {
    beat();
    if (shared_.ledger.open_count(index_) >= shared_.settings.messages_in_work) {
      co_await outside.clock.sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    base::Result<std::vector<cloud::Message>> messages = std::vector<cloud::Message>();
    if (!known) {
      auto facts = co_await inbox().describe();
      beat();
      if (facts) {
        facts_ = *facts;
        known = true;
        outside.log.info("listening", {{"queue", name}, {"dead_letters", facts_.dead_letters}});
      } else {
        messages = std::unexpected(std::move(facts.error()));
      }
    }
    if (known) messages = co_await inbox().receive();
    if (!messages) {
      const auto& error = messages.error();
      if (!trouble || !error.retryable()) {
        outside.log.warn("queue cannot be read",
                         {{"queue", name}, {"error", base::describe(error)}});
      }
      trouble = true;
      const base::Duration asked = error.retry_after.value_or(std::chrono::milliseconds(0));
      co_await pause(std::max(asked, backoff.next(outside.clock.random()) + kFirstPause));
      continue;
    }
    if (trouble) outside.log.info("queue can be read again", {{"queue", name}});
    trouble = false;
    backoff.reset();
    for (const auto& message : *messages) accept(message);
    if (messages->size() >= kCrowd) {
      shared_.expect_more(lane_, messages->size(), outside.clock.now() + kNextAnswer);
    }
    outside.metrics.messages_held(static_cast<std::int64_t>(shared_.ledger.open_count()));
  }
  outside.health.forget(heartbeat(name));
}

void Intake::beat() {
  shared_.outside.health.beat(heartbeat(inbox().name()), shared_.outside.clock.now());
}

base::Task<void> Intake::pause(base::Duration time) {
  auto& clock = shared_.outside.clock;
  const auto end = clock.now() + time;
  beat();
  while (clock.now() < end) {
    co_await clock.sleep_until(std::min(end, clock.now() + kLongestPause));
    beat();
  }
}

TicketLedger::Ticket Intake::ticket(const cloud::Message& message) const {
  return {index_, message.ticket, message.id, shared_.outside.clock.now()};
}

void Intake::acknowledge_soon(const cloud::Message& message) {
  shared_.ledger.open(ticket(message), {}, facts_.hold_time);
  shared_.ledger_changed();
}

void Intake::accept(const cloud::Message& message) {
  auto& outside = shared_.outside;
  if (message.sent_at) {
    const auto age = outside.clock.wall() - *message.sent_at;
    outside.metrics.step(telemetry::Step::event_age, std::max(age, base::Duration::zero()));
  }
  if (const auto* const hint = std::get_if<cloud::Hint>(&message.content)) {
    accept_hint(message, *hint);
  } else if (const auto* const other = std::get_if<cloud::Irrelevant>(&message.content)) {
    outside.metrics.message(inbox().name(), MessageOutcome::irrelevant);
    outside.log.debug(
        "event ignored",
        {{"queue", inbox().name()}, {"event", other->cause}, {"message", message.id}});
    acknowledge_soon(message);
  } else {
    malformed(message, std::get<cloud::Malformed>(message.content).why);
  }
}

void Intake::accept_hint(const cloud::Message& message, const cloud::Hint& hint) {
  auto& outside = shared_.outside;
  const auto concerned = shared_.bindings.matching(hint.match_keys);
  const std::string_view name = inbox().name();
  outside.metrics.message(name,
                          concerned.empty() ? MessageOutcome::unmatched : MessageOutcome::matched);
  const auto subject =
      hint.match_keys.empty() ? std::string_view() : std::string_view(hint.match_keys.front());
  outside.log.info("event received", {{"queue", name},
                                      {"event", hint.cause},
                                      {"source", subject},
                                      {"version", hint.version},
                                      {"bindings", concerned.size()},
                                      {"message", message.id}});
  const bool poison =
      !facts_.dead_letters && message.receive_count > shared_.settings.poison_receives;
  if (concerned.empty() || poison) {
    if (poison) {
      outside.metrics.message(name, MessageOutcome::dropped);
      outside.log.error(
          "event given up: its effect failed again and again, and the queue has no dead-letter "
          "queue",
          {{"queue", name},
           {"event", hint.cause},
           {"source", subject},
           {"received", message.receive_count}});
      for (const auto& key : concerned) {
        const auto* const state = shared_.bindings.find(key);
        outside.events.record(
            shared_.reference(state->binding), kube::EventType::warning, "EventGivenUp", "Sync",
            fmt::format("an event ({}) was given up after {} tries; the binding itself goes on "
                        "trying",
                        hint.cause, message.receive_count));
      }
    }
    acknowledge_soon(message);
    return;
  }
  std::vector<std::string> items;
  items.reserve(concerned.size());
  for (const auto& key : concerned) items.push_back(key.str());
  if (base::planted(base::Bug::acknowledge_before_effect)) items.clear();
  shared_.ledger.open(ticket(message), items, facts_.hold_time);
  shared_.ledger_changed();
  const Hinted hinted{hint.version, hint.changed, message.sent_at, outside.api.wall()};
  for (const auto& key : concerned) {
    auto* const state = shared_.bindings.find(key);
    lane_ = shared_.lane_of(*state);
    state->wishes.hint(hinted);
    shared_.trigger(key);
  }
}

void Intake::malformed(const cloud::Message& message, const std::string& why) {
  auto& outside = shared_.outside;
  outside.metrics.message(inbox().name(), MessageOutcome::malformed);
  const bool give_up =
      !facts_.dead_letters && message.receive_count >= shared_.settings.poison_receives;
  outside.log.warn(give_up
                       ? "message dropped: it is no event, and the queue has no dead-letter queue"
                       : "message is no event; left for the dead-letter queue",
                   {{"queue", inbox().name()},
                    {"why", why},
                    {"message", message.id},
                    {"received", message.receive_count}});
  if (!give_up) return;
  outside.metrics.message(inbox().name(), MessageOutcome::dropped);
  acknowledge_soon(message);
}

base::Task<void> Acknowledger::run() {
  while (!finishing_) {
    co_await news();
    co_await round();
  }
  // What was settled while the round before was under way.
  co_await round();
  finished_.open();
}

base::Task<void> Acknowledger::finish() {
  finishing_ = true;
  wake().notify();
  co_await finished_.wait();
}

base::Task<void> Acknowledger::news() {
  const auto next = shared_.ledger.next_extension(index_);
  if (next) {
    co_await wake().wait_until(shared_.outside.clock, *next);
  } else {
    co_await wake().wait();
  }
  co_await let_the_crowd_pass();
}

bool Acknowledger::in_a_crowd() const {
  return shared_.ledger.settled_count(index_) > 0 && shared_.ledger.open_count(index_) >= kCrowd;
}

base::Task<void> Acknowledger::let_the_crowd_pass() {
  auto& clock = shared_.outside.clock;
  auto until = clock.now() + std::min(kGather, shared_.ledger.hold_time(index_) / kGatherPart);
  if (const auto next = shared_.ledger.next_extension(index_)) until = std::min(until, *next);
  while (in_a_crowd() && !finishing_ && clock.now() < until) {
    co_await clock.sleep_until(std::min(until, clock.now() + kLookAgain));
  }
}

base::Task<void> Acknowledger::round() {
  for (const auto& ticket : shared_.ledger.take_returned(index_)) {
    // Left alone: it becomes visible again when its hold time is over.
    shared_.outside.metrics.message(inbox().name(), MessageOutcome::returned);
    shared_.outside.log.warn("event left in its queue, because its effect failed",
                             {{"queue", inbox().name()}, {"message", ticket.id}});
  }
  auto settled = shared_.ledger.take_settled(index_);
  if (!settled.empty()) co_await acknowledge(std::move(settled));
  co_await hold_on();
  shared_.outside.metrics.messages_held(static_cast<std::int64_t>(shared_.ledger.open_count()));
}

base::Task<void> Acknowledger::acknowledge(std::vector<TicketLedger::Ticket> settled) {
  auto& outside = shared_.outside;
  std::vector<std::string> handles;
  for (const auto& ticket : settled) handles.push_back(ticket.handle);
  const auto results = co_await inbox().acknowledge(std::move(handles));
  const auto now = outside.clock.now();
  for (std::size_t i = 0; i < settled.size(); ++i) {
    if (results[i]) {
      outside.metrics.message(inbox().name(), MessageOutcome::settled);
      outside.metrics.step(telemetry::Step::total, now - settled[i].received);
      continue;
    }
    // It will come again, find everything in order, and be acknowledged then.
    outside.log.warn("event not acknowledged", {{"queue", inbox().name()},
                                                {"message", settled[i].id},
                                                {"error", base::describe(results[i].error())}});
  }
}

base::Task<void> Acknowledger::hold_on() {
  auto due = shared_.ledger.due_extensions(index_, shared_.outside.clock.now());
  if (due.empty()) co_return;
  const auto results = co_await inbox().hold(std::move(due), shared_.ledger.hold_time(index_));
  for (const auto& result : results) {
    if (result) continue;
    shared_.outside.log.warn(
        "event could not be held on; it may be received twice",
        {{"queue", inbox().name()}, {"error", base::describe(result.error())}});
  }
}

}  // namespace edsm::sync
