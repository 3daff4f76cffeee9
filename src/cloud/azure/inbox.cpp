#include "cloud/azure/inbox.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/parallel.hpp"
#include "cloud/azure/bus_errors.hpp"
#include "cloud/azure/events.hpp"
#include "cloud/azure/shared_access.hpp"

namespace edsm::cloud::azure {
namespace {

using std::chrono::seconds;

/// An empty answer to a long poll that comes sooner is no reason to ask again at once.
constexpr base::Duration min_empty_poll = seconds(1);
/// Half of what a queue's locks last if nobody says otherwise: it is renewed well before its end.
constexpr base::Duration hold_time = seconds(30);

}  // namespace

BusInbox::BusInbox(std::unique_ptr<ServiceBus> bus, base::Clock& clock, telemetry::Log& log)
    : bus_(std::move(bus)), clock_(clock), log_(log), name_(bus_->queue().name()) {}

base::Duration BusInbox::stuck_after() const {
  // A token may have to be fetched first, from a metadata server that is being updated.
  return ServiceBus::poll_timeout + std::chrono::minutes(2);
}

base::Task<base::Result<InboxFacts>> BusInbox::describe() {
  InboxFacts facts;
  facts.hold_time = hold_time;
  facts.dead_letters = true;
  co_return facts;
}

Message BusInbox::decode(BusMessage raw) {
  if (raw.lock_time && *raw.lock_time < hold_time - seconds(1) && !warned_) {
    warned_ = true;
    log_.warn("the queue's locks are too short: messages will be received twice",
              {{"queue", name_},
               {"seconds", raw.lock_time->count() / 1'000'000},
               {"remedy", "set its lock duration to a minute"}});
  }
  Message message;
  message.content = decode_event(raw.body.view());
  if (raw.lock.empty()) message.content = Malformed{"its Location is no lock of this queue"};
  message.ticket = std::move(raw.lock);
  message.id = std::move(raw.id);
  message.sent_at = raw.enqueued;
  message.receive_count = raw.delivery_count;
  return message;
}

base::Task<void> BusInbox::receive_into(Received& received) {
  received = co_await bus_->receive(seconds(0));
}

base::Task<std::vector<BusInbox::Received>> BusInbox::receive_many(std::size_t count) {
  std::vector<Received> all(count);
  const std::function<base::Task<void>(std::size_t)> one = [this, &all](std::size_t index) {
    return receive_into(all[index]);
  };
  co_await base::parallel(count, count, one);
  co_return std::move(all);
}

base::Task<base::Result<std::vector<Message>>> BusInbox::receive() {
  const base::Instant start = clock_.now();
  std::vector<Message> messages;
  if (next_ > 1) {
    // What fails is found again by the long poll, which says so.
    auto all = co_await receive_many(next_);
    for (auto& received : all) {
      if (received && *received) messages.push_back(decode(std::move(**received)));
    }
    const bool full = messages.size() == next_;
    next_ = full ? std::min(next_ * 2, ServiceBus::side_by_side) : 1;
    if (!messages.empty()) co_return messages;
  }
  auto received = co_await bus_->receive(ServiceBus::poll_time);
  if (!received) co_return std::unexpected(std::move(received.error()));
  if (!*received) {
    co_await clock_.sleep_until(start + min_empty_poll);
    co_return messages;
  }
  messages.push_back(decode(std::move(**received)));
  next_ = 2;
  co_return messages;
}

base::Task<std::vector<base::Result<>>> BusInbox::acknowledge(std::vector<std::string> tickets) {
  return bus_->complete(std::move(tickets));
}

base::Task<std::vector<base::Result<>>> BusInbox::hold(std::vector<std::string> tickets,
                                                       base::Duration time) {
  return time > base::Duration::zero() ? bus_->renew(std::move(tickets))
                                       : bus_->unlock(std::move(tickets));
}

std::shared_ptr<Authoriser> authoriser_of(const Queue& queue, Credentials& credentials,
                                          base::Clock& clock) {
  if (needs_credentials(queue))
    return std::make_shared<BearerTokens>(credentials.tokens({}, queue.scope));
  return std::make_shared<SharedAccess>(fmt::format("{}/{}", queue.origin, queue.entity), queue.key,
                                        clock);
}

std::unique_ptr<Inbox> make_inbox(const Queue& queue, Credentials& credentials, net::Http& api,
                                  net::Http& long_polls, Wiring wiring) {
  const Endpoint endpoint{queue.origin, authoriser_of(queue, credentials, wiring.clock),
                          &bus_error};
  auto calls = std::make_unique<Client>(Service::servicebus, endpoint, api, wiring);
  auto polls = std::make_unique<Client>(Service::servicebus, endpoint, long_polls, wiring);
  auto bus = std::make_unique<ServiceBus>(queue, std::move(calls), std::move(polls));
  return std::make_unique<BusInbox>(std::move(bus), wiring.clock, wiring.log);
}

}  // namespace edsm::cloud::azure
