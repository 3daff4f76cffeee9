#include "cloud/azure/service_bus.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.hpp"
#include "base/parallel.hpp"
#include "base/time.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

using base::Failure;

/// A message over HTTP has 1 MB at most.
constexpr std::size_t max_message = std::size_t{4} << 20U;
/// Ids are GUIDs, or what a sender chose; what is longer is cut for the log.
constexpr std::size_t max_id = 64;

/// A poll that the server, or somebody in between, gave up waiting for.
bool is_empty_poll(const base::Error& error) {
  return error.code == "Timeout" || error.code == "Http504" || error.code == "Http408";
}

}  // namespace

base::Error ServiceBus::explain(base::Error error) const {
  const auto where = fmt::format("{}/{}", queue_.host, queue_.entity);
  if (error.failure == Failure::absent) {
    error.text += fmt::format(
        "; there is no {} (AZURE_SERVICEBUS_QUEUE_URL), or it is disabled; a topic is received "
        "from by its subscription, TOPIC/subscriptions/NAME",
        where);
  } else if (error.code == "Http400") {
    error.text += fmt::format(
        "; {} may require sessions, which Event Grid cannot deliver to and the controller not "
        "receive from; make one without",
        where);
  } else if (error.failure == Failure::refused && queue_.key == nullptr) {
    error.text += fmt::format(
        "; grant the role \"Azure Service Bus Data Receiver\" on {} to the controller's identity "
        "(a "
        "new one takes some minutes)",
        where);
  } else if (error.failure == Failure::refused || error.failure == Failure::credentials) {
    if (queue_.key == nullptr) {
      error.text += fmt::format(" ({})", where);
    } else {
      error.text += fmt::format(
          "; the key {} of AZURE_SERVICEBUS_CONNECTION_STRING must be one of {} with the claim "
          "Listen, and the namespace allow local authentication",
          queue_.key->name, where);
    }
  } else {
    error.text += fmt::format(" ({})", where);
  }
  return error;
}

/// Location is used as it is; but the token goes to this queue's locks only, whoever wrote it.
std::string ServiceBus::lock_of(const net::Headers& headers) const {
  const auto url = net::Url::parse(headers.find("Location").value_or(""));
  if (!url || url->origin() != queue_.origin) return {};
  const std::string below = lower(fmt::format("/{}/messages/", queue_.entity));
  if (!lower(url->path).starts_with(below) || url->path.contains("..")) return {};
  return url->query.empty() ? url->path : url->path + "?" + url->query;
}

BusMessage ServiceBus::read(net::Response answer) const {
  BusMessage message;
  message.lock = lock_of(answer.headers);
  message.body = std::move(answer.body);
  const auto properties =
      base::JsonDocument::parse(answer.headers.find("BrokerProperties").value_or(""));
  if (!properties) return message;
  const auto& root = properties->root();
  message.id = base::string_at(root, "MessageId").substr(0, max_id);
  message.enqueued = base::parse_http_date(base::string_at(root, "EnqueuedTimeUtc"));
  message.delivery_count = static_cast<int>(
      std::clamp<std::int64_t>(base::int_at(root, "DeliveryCount").value_or(1), 1, 1'000'000));
  const auto until = base::parse_http_date(base::string_at(root, "LockedUntilUtc"));
  const auto now = base::parse_http_date(answer.headers.find("Date").value_or(""));
  if (until && now) message.lock_time = *until - *now;
  return message;
}

base::Task<base::Result<std::optional<BusMessage>>> ServiceBus::receive(std::chrono::seconds wait) {
  Call call("Receive", fmt::format("/{}/messages/head?timeout={}", queue_.entity, wait.count()));
  call.method = net::Method::post;
  call.timeout = poll_timeout - poll_time + wait;
  call.max_body = max_message;
  call.max_attempts = 1;  // the caller receives again anyway
  call.fails_fast = false;
  auto answer = co_await polls_->send(std::move(call));
  std::optional<BusMessage> message;
  if (!answer) {
    if (is_empty_poll(answer.error())) co_return message;
    co_return std::unexpected(explain(std::move(answer.error())));
  }
  if (answer->status != 204) message = read(std::move(*answer));
  co_return message;
}

base::Task<std::vector<base::Result<>>> ServiceBus::complete(std::vector<std::string> locks) {
  Settling settling{"Complete", net::Method::del, std::move(locks)};
  return settle(std::move(settling));
}

base::Task<std::vector<base::Result<>>> ServiceBus::renew(std::vector<std::string> locks) {
  Settling settling{"RenewLock", net::Method::post, std::move(locks)};
  return settle(std::move(settling));
}

base::Task<std::vector<base::Result<>>> ServiceBus::unlock(std::vector<std::string> locks) {
  Settling settling{"Unlock", net::Method::put, std::move(locks)};
  return settle(std::move(settling));
}

base::Task<std::vector<base::Result<>>> ServiceBus::settle(Settling settling) {
  settling.results.resize(settling.locks.size());
  const std::function<base::Task<void>(std::size_t)> one = [this, &settling](std::size_t index) {
    return settle_one(settling, index);
  };
  co_await base::parallel(settling.locks.size(), side_by_side, one);
  co_return std::move(settling.results);
}

base::Task<void> ServiceBus::settle_one(Settling& settling, std::size_t index) {
  auto& result = settling.results[index];
  if (settling.locks[index].empty()) {
    result = base::fail(Failure::invalid, "UntrustedLock",
                        fmt::format("servicebus {} of one message: its lock is none of {}/{}",
                                    settling.operation, queue_.host, queue_.entity));
    co_return;
  }
  Call call(settling.operation, settling.locks[index]);
  call.method = settling.method;
  const auto answer = co_await calls_->send(std::move(call));
  if (answer) co_return;
  base::Error error = answer.error();
  const bool lost = error.failure == Failure::absent || error.failure == Failure::conflict;
  if (lost) {
    error.failure = Failure::absent;
    error.code = "LockLost";
    error.text +=
        fmt::format(" ({}/{}): the lock has ended, so the message comes again, or is gone already",
                    queue_.host, queue_.entity);
    result = std::unexpected(std::move(error));
  } else {
    result = std::unexpected(explain(std::move(error)));
  }
}

}  // namespace edsm::cloud::azure
