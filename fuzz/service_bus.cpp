// Answers of Service Bus, and what the environment says of queues. The first byte chooses; of a
// message the first line is its Location, the second its BrokerProperties, the third the time to
// wait, the rest the body.
#include <array>

#include "cloud/azure/queue.hpp"
#include "net/url.hpp"
#include "support/azure_bus_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

constexpr std::array statuses = {201, 204, 400, 401, 404, 410, 429, 503};

void check(const base::Error& error) {
  must(!error.text.empty() && error.text.size() < 1500, "errors are short");
  must(!error.code.empty() && error.code.size() <= 64, "codes are fit for a label");
}

void from_answer(Input input, int status) {
  azure::test::BusBench bench;
  net::Headers headers;
  headers.add("Location", input.take_line());
  headers.add("BrokerProperties", input.take_line());
  headers.add("Retry-After", input.take_line());
  headers.add("Date", "Mon, 23 Nov 2026 01:00:00 GMT");
  for (int i = 0; i < 4; ++i) {
    bench.polls.reply(status, input.rest(), headers);
    bench.api.reply(status, input.rest(), headers);
  }
  const auto messages = support::run(bench.inbox->receive());
  if (!messages) return check(messages.error());
  must(messages->size() <= 1, "a call brings one message");
  for (const auto& message : *messages) {
    must(message.receive_count >= 1 && message.receive_count <= 1'000'000, "a count is plausible");
    must(message.id.size() <= 64, "an id is short enough for logs");
    const auto results = support::run(bench.inbox->acknowledge({message.ticket}));
    must(results.size() == 1, "one result for each ticket");
    for (const auto& seen : bench.api.seen)
      must(seen.url.starts_with(std::string(azure::test::bus_origin) + "/") &&
               seen.method == net::Method::del,
           "tokens go to the queue's namespace only");
  }
}

void from_settings(Input input) {
  support::Strings variables;
  variables["AZURE_SERVICEBUS_QUEUE_URL"] = input.take_line();
  variables["AZURE_SERVICEBUS_CONNECTION_STRING"] = input.take_line();
  variables["AZURE_SERVICEBUS_AUDIENCE"] = input.take_line();
  const auto queues = azure::load_queues(support::env_of(variables), azure::public_cloud());
  if (!queues) {
    must(queues.error().failure == base::Failure::invalid, "it waits for other settings");
    return;
  }
  for (const auto& queue : *queues) {
    const auto url = net::Url::parse(queue.origin + "/" + queue.entity);
    must(url && url->origin() == queue.origin && url->query.empty(), "a queue is called by a URL");
    must(queue.scope.starts_with("https://") && queue.scope.ends_with("/.default"),
         "tokens are for somebody");
  }
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned choice = input.take_byte();
  if (choice % 16 >= statuses.size()) return from_settings(input);
  from_answer(input, statuses[choice % 16]);
}

}  // namespace edsm::fuzz
