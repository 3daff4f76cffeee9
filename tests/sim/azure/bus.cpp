#include "sim/azure/bus.hpp"

#include <algorithm>
#include <array>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim::azure {
namespace {

namespace json = boost::json;
using net::Method;
using std::chrono::seconds;

/// The service holds a receive no longer.
constexpr std::int64_t longest_hold = 60;
constexpr std::string_view dead_letter_path = "/$deadletterqueue";
constexpr std::string_view xml = "application/xml; charset=utf-8";
/// What a sender says to the service, and not to its receiver.
constexpr auto own_headers = std::to_array<std::string_view>(
    {"host", "authorization", "content-type", "content-length", "user-agent", "connection",
     "accept", "accept-encoding", "brokerproperties"});

std::string_view operation_of(Method method, std::size_t parts) {
  if (parts == 0) return "Send";
  if (parts == 1) return method == Method::del ? "ReceiveAndDelete" : "Receive";
  if (method == Method::del) return "Complete";
  return method == Method::put ? "Unlock" : "RenewLock";
}

std::unexpected<ServiceError> missing() {
  return fail(404, {}, "No service is hosted at the specified address.");
}

Reply reply_of(const Queue::Received& received, std::string_view host, std::string_view path) {
  Reply reply{received.lock.empty() ? 200 : 201, bus_headers(received.content.content_type),
              received.content.body};
  reply.headers.add("BrokerProperties", json::serialize(received.properties));
  for (const auto& [name, value] : received.content.custom) reply.headers.add(name, value);
  if (!received.lock.empty()) {
    reply.headers.add("Location", fmt::format("https://{}/{}/messages/{}/{}", host, path,
                                              received.sequence, received.lock));
  }
  return reply;
}

}  // namespace

std::string Bus::host() const {
  return fmt::format("{}.servicebus.windows.net", name_);
}

Queue& Bus::make_queue(const std::string& path) {
  auto& made = queues_[lower(path)];
  made = std::make_unique<Queue>(timeline_, path, faults_);
  const auto dead_path = fmt::format("{}{}", path, dead_letter_path);
  auto& dead = queues_[lower(dead_path)];
  dead = std::make_unique<Queue>(timeline_, dead_path, faults_);
  dead->max_deliveries = 0;
  made->bury = [to = dead.get()](Content content) { to->send(std::move(content)); };
  return *made;
}

Queue* Bus::find(std::string_view path) {
  const auto found = queues_.find(lower(path));
  return found == queues_.end() ? nullptr : found->second.get();
}

Queue& Bus::dead_letters(const Queue& queue) {
  return *queues_.at(lower(fmt::format("{}{}", queue.path(), dead_letter_path)));
}

Answer<Bus::Target> Bus::target_of(const Path& path) const {
  const auto messages = std::ranges::find(path.parts, "messages", &lower);
  if (messages == path.parts.end())
    return fail(400, {}, "BadRequest. The request is not one of this service");
  Target target;
  for (auto part = path.parts.begin(); part != messages; ++part)
    target.queue += (target.queue.empty() ? "" : "/") + *part;
  for (auto part = std::next(messages); part != path.parts.end(); ++part)
    target.rest.emplace_back(*part);
  const bool head = target.rest.size() == 1 && target.rest[0] == "head";
  const bool lock = target.rest.size() == 2 && number_in(target.rest[0]);
  if (head || lock || target.rest.empty()) return target;
  return fail(400, {}, "BadRequest. The request is not one of this service");
}

Answer<Queue*> Bus::allowed(const net::Request& request, const Target& target, CloudCall& call) {
  if (const auto good = tokens_.check(request, kBusAudience, {}); !good) {
    const bool other = good.error().starts_with("AKV10022");
    const bool none = good.error().starts_with("AKV10000");
    return fail(401, {},
                other  ? "InvalidAudience: The token has an invalid audience."
                : none ? "MissingToken: The authorization header was not found."
                       : "ExpiredToken: The token is expired.");
  }
  if (faults_.denied(call.operation)) {
    return fail(401, {},
                fmt::format("Unauthorized access. 'Listen' claim(s) are required to perform this "
                            "operation. Resource: 'sb://{}/{}'.",
                            host(), target.queue));
  }
  Queue* const queue = find(target.queue);
  if (queue == nullptr) return missing();
  return queue;
}

void Bus::answer(const net::Request& request, const Path& path, CloudCall& call,
                 ExchangePtr exchange) {
  const auto refuse = [&](const ServiceError& error) {
    call.status = error.status;
    exchange->answer(bus_failure(timeline_, error));
  };
  const auto target = target_of(path);
  if (!target) return refuse(target.error());
  call.operation = operation_of(request.method, target->rest.size());
  const auto queue = allowed(request, *target, call);
  if (!queue) return refuse(queue.error());
  if (target->rest.size() == 1) return receive(**queue, request, path, call, exchange);
  const bool sends = target->rest.empty();
  const auto done = sends ? send(**queue, request) : settle(**queue, request, *target, call);
  if (!done) return refuse(done.error());
  call.status = sends ? 201 : 200;
  exchange->answer({call.status, bus_headers(xml), {}});
}

void Bus::receive(Queue& queue, const net::Request& request, const Path& path, CloudCall& call,
                  const ExchangePtr& exchange) {
  const auto asked = text_at(path.query, "timeout");
  const auto hold = asked.empty() ? longest_hold : number_in(asked).value_or(-1);
  if (hold < 0) {
    call.status = 400;
    exchange->answer(bus_failure(
        timeline_, {400, {}, fmt::format("The specified timeout '{}' is not valid.", asked)}));
    return;
  }
  Queue::Poll poll;
  poll.hold = seconds(std::min(hold, longest_hold));
  poll.removes = request.method == Method::del;
  poll.gone = [exchange] { return exchange->gone(); };
  poll.done = [this, &queue, &call, exchange](const std::optional<Queue::Received>& received) {
    if (received) call.ids.push_back(queue.id_of(received->sequence));
    auto reply =
        received ? reply_of(*received, host(), queue.path()) : Reply{204, bus_headers({}), {}};
    call.status = reply.status;
    exchange->answer(std::move(reply));
  };
  queue.receive(std::move(poll));
}

Answer<void> Bus::settle(Queue& queue, const net::Request& request, const Target& target,
                         CloudCall& call) {
  const auto sequence = static_cast<std::uint64_t>(number_in(target.rest[0]).value_or(0));
  call.ids.push_back(queue.id_of(sequence));
  if (request.method == Method::del) return queue.complete(sequence, target.rest[1]);
  if (request.method == Method::put) return queue.unlock(sequence, target.rest[1]);
  return queue.renew(sequence, target.rest[1]);
}

Answer<void> Bus::send(Queue& queue, const net::Request& request) {
  Content content;
  content.body = std::string(request.body.view());
  content.content_type = request.headers.find("Content-Type").value_or("");
  const auto properties = request.headers.find("BrokerProperties").value_or("");
  boost::system::error_code wrong;
  const auto parsed = json::parse(properties.empty() ? "{}" : properties, wrong);
  if (wrong || !parsed.is_object()) return fail(400, {}, "BrokerProperties are no JSON object");
  content.properties = parsed.get_object();
  for (const auto& [name, value] : request.headers) {
    const auto known = lower(name);
    if (std::ranges::find(own_headers, known) == own_headers.end() && !known.starts_with("x-ms-"))
      content.custom.emplace(name, value);
  }
  queue.send(std::move(content));
  return {};
}

}  // namespace edsm::sim::azure
