#include "cloud/azure/inspect/bus_entity.hpp"

#include <fmt/format.h>

#include "cloud/azure/bus_errors.hpp"
#include "cloud/text.hpp"

namespace edsm::cloud::azure {
namespace {

using std::chrono::seconds;

/// That of the official clients when they manage queues over HTTP.
constexpr std::string_view description_version = "2017-04";
/// What precedes a subscription's name in its path.
constexpr std::string_view subscriptions = "/subscriptions/";

/// The text of the first element of that name, whatever its prefix; nullopt: there is none.
std::optional<std::string_view> element(std::string_view xml, std::string_view name) {
  for (std::size_t at = xml.find(name); at != std::string_view::npos; at = xml.find(name, at + 1)) {
    const bool opens = at > 0 && (xml[at - 1] == '<' || xml[at - 1] == ':');
    const auto rest = xml.substr(at + name.size());
    if (!opens || rest.empty() || (rest.front() != '>' && rest.front() != ' ')) continue;
    const auto start = rest.find('>');
    if (start == std::string_view::npos) return std::nullopt;
    const auto text = rest.substr(start + 1);
    return trim(text.substr(0, text.find('<')));
  }
  return std::nullopt;
}

std::optional<std::int64_t> number(std::string_view xml, std::string_view name) {
  const auto text = element(xml, name);
  return text ? parse_number(*text) : std::nullopt;
}

bool flag(std::string_view xml, std::string_view name) {
  return parse_bool(element(xml, name).value_or("")).value_or(false);
}

/// "PT1M", "PT1M30S": what a lock's time can be. nullopt: anything else.
std::optional<seconds> duration(std::string_view text) {
  if (!text.starts_with("PT")) return std::nullopt;
  text.remove_prefix(2);
  seconds sum{0};
  while (!text.empty()) {
    const auto end = text.find_first_not_of("0123456789");
    const auto count = parse_number(text.substr(0, end));
    if (!count || *count > 100'000 || end == std::string_view::npos) return std::nullopt;
    const char unit = text[end];
    if (unit != 'H' && unit != 'M' && unit != 'S') return std::nullopt;
    sum += seconds(*count * (unit == 'H' ? 3600 : unit == 'M' ? 60 : 1));
    text.remove_prefix(end + 1);
  }
  return sum;
}

}  // namespace

Call describe_call(const Queue& queue) {
  Call call("Describe", fmt::format("/{}?api-version={}", queue.entity, description_version));
  call.max_attempts = 2;
  return call;
}

base::Result<EntityFacts> parse_entity(std::string_view xml) {
  // A feed without entries is how what does not exist may be told of.
  const bool known = xml.contains("QueueDescription") || xml.contains("SubscriptionDescription");
  if (!known) {
    return base::fail(base::Failure::absent, std::string(kNoEntity),
                      "Service Bus describes no queue or subscription of that name");
  }
  EntityFacts facts;
  facts.lock = duration(element(xml, "LockDuration").value_or(""));
  facts.max_deliveries = number(xml, "MaxDeliveryCount").value_or(0);
  facts.sessions = flag(xml, "RequiresSession");
  facts.partitioned = flag(xml, "EnablePartitioning");
  facts.status = element(xml, "Status").value_or("");
  facts.waiting = number(xml, "ActiveMessageCount");
  facts.dead_letters = number(xml, "DeadLetterMessageCount");
  return facts;
}

Call touch_call(const Queue& queue) {
  Call call("RenewLock",
            fmt::format("/{}/messages/1/00000000-0000-0000-0000-000000000000", queue.entity));
  call.method = net::Method::post;
  return call;
}

base::Error entity_error(const net::Response& answer, std::string_view what) {
  auto error = bus_error(answer, what);
  if (error.failure == base::Failure::conflict) error.code = kNoLock;
  if (error.failure != base::Failure::absent) return error;
  const auto text = lower(answer.body.view());
  if (text.contains("no service is hosted") || text.contains("messagingentity")) {
    error.code = kNoEntity;
  } else if (answer.status == 410 || text.contains("lock")) {
    error.code = kNoLock;
  }
  return error;
}

Call send_call(const Queue& queue, base::SecretBytes event) {
  const std::string_view entity = queue.entity;
  const auto topic = entity.substr(0, lower(entity).find(subscriptions));
  Call call("Send", fmt::format("/{}/messages", topic));
  call.method = net::Method::post;
  call.headers.add("Content-Type", "application/json");
  call.body = std::move(event);
  call.max_attempts = 1;  // one message, not perhaps two
  return call;
}

}  // namespace edsm::cloud::azure
