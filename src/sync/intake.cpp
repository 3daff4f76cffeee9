#include "sync/intake.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/planted.hpp"

namespace edsm::sync {
namespace {

using telemetry::MessageOutcome;

constexpr base::Duration kFirstPause = std::chrono::milliseconds(500);
constexpr base::Duration kLongestPause = std::chrono::seconds(30);
/// While a crowd of messages is in work, acknowledgements wait for each other: the queue has as
/// much work with one message as with a full call, and in that time answers nothing else.
constexpr std::size_t kCrowd = 10;
constexpr base::Duration kGather = std::chrono::milliseconds(100);
/// A queue that has more answers again within this time.
constexpr base::Duration kNextAnswer = std::chrono::milliseconds(30);

}  // namespace

base::Task<void> Intake::receive() {
  auto& outside = shared_.outside;
  const std::string name(inbox().name());
  const std::string heartbeat = "queue " + name;
  base::Backoff backoff(kFirstPause, kLongestPause);
  bool known = false;
  bool trouble = false;
  outside.health.expect(heartbeat, inbox().stuck_after(), outside.clock.now());
  while (!stopping_) {
    outside.health.beat(heartbeat, outside.clock.now());
    if (shared_.ledger.open_count(index_) >= shared_.settings.messages_in_work) {
      co_await outside.clock.sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    base::Result<std::vector<cloud::Message>> messages = std::vector<cloud::Message>();
    if (!known) {
      auto facts = co_await inbox().describe();
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
      const auto pause = std::max(asked, backoff.next(outside.clock.random()) + kFirstPause);
      co_await outside.clock.sleep_for(pause);
      continue;
    }
    if (trouble) outside.log.info("queue can be read again", {{"queue", name}});
    trouble = false;
    backoff.reset();
    for (const auto& message : *messages) accept(message);
    if (messages->size() >= kCrowd) {
      shared_.more_until = outside.clock.now() + kNextAnswer;
      shared_.more_count = messages->size();
    }
    outside.metrics.messages_held(static_cast<std::int64_t>(shared_.ledger.open_count()));
  }
  outside.health.forget(heartbeat);
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
  for (;;) {
    const auto next = shared_.ledger.next_extension();
    if (next) {
      co_await shared_.ledger_wake.wait_until(shared_.outside.clock, *next);
    } else {
      co_await shared_.ledger_wake.wait();
    }
    const auto settled = shared_.ledger.settled_count();
    const bool crowd = shared_.ledger.open_count() >= kCrowd;
    if (crowd && settled > 0 && settled < kCrowd) co_await shared_.outside.clock.sleep_for(kGather);
    co_await round();
  }
}

base::Task<void> Acknowledger::round() {
  for (const auto& ticket : shared_.ledger.take_returned()) {
    // Left alone: it becomes visible again when its hold time is over.
    const auto& inbox = *shared_.outside.inboxes[ticket.inbox];
    shared_.outside.metrics.message(inbox.name(), MessageOutcome::returned);
    shared_.outside.log.warn("event left in its queue, because its effect failed",
                             {{"queue", inbox.name()}, {"message", ticket.id}});
  }
  auto settled = shared_.ledger.take_settled();
  if (!settled.empty()) co_await acknowledge(std::move(settled));
  co_await hold_on();
  shared_.outside.metrics.messages_held(static_cast<std::int64_t>(shared_.ledger.open_count()));
}

base::Task<void> Acknowledger::acknowledge(std::vector<TicketLedger::Ticket> settled) {
  auto& outside = shared_.outside;
  std::map<std::size_t, std::vector<TicketLedger::Ticket>> by_inbox;
  for (auto& ticket : settled) by_inbox[ticket.inbox].push_back(std::move(ticket));
  for (const auto& [index, tickets] : by_inbox) {
    auto& inbox = *outside.inboxes[index];
    std::vector<std::string> handles;
    for (const auto& ticket : tickets) handles.push_back(ticket.handle);
    const auto results = co_await inbox.acknowledge(std::move(handles));
    const auto now = outside.clock.now();
    for (std::size_t i = 0; i < tickets.size(); ++i) {
      if (results[i]) {
        outside.metrics.message(inbox.name(), MessageOutcome::settled);
        outside.metrics.step(telemetry::Step::total, now - tickets[i].received);
        continue;
      }
      // It will come again, find everything in order, and be acknowledged then.
      outside.log.warn("event not acknowledged", {{"queue", inbox.name()},
                                                  {"message", tickets[i].id},
                                                  {"error", base::describe(results[i].error())}});
    }
  }
}

base::Task<void> Acknowledger::hold_on() {
  std::map<std::size_t, std::vector<std::string>> by_inbox;
  for (auto& extension : shared_.ledger.due_extensions(shared_.outside.clock.now())) {
    by_inbox[extension.inbox].push_back(std::move(extension.handle));
  }
  for (const auto& [index, handles] : by_inbox) {
    auto& inbox = *shared_.outside.inboxes[index];
    const auto time = shared_.ledger.hold_time(index);
    const auto results = co_await inbox.hold(handles, time);
    for (const auto& result : results) {
      if (result) continue;
      shared_.outside.log.warn(
          "event could not be held on; it may be received twice",
          {{"queue", inbox.name()}, {"error", base::describe(result.error())}});
    }
  }
}

}  // namespace edsm::sync
