// Answers of Pub/Sub. The first byte chooses the call, the second the HTTP status, the rest is the
// body.
#include "cloud/gcp/pubsub.hpp"

#include <array>

#include "cloud/gcp/inbox.hpp"
#include "support/gcp_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

constexpr std::array statuses = {200, 200, 200, 400, 403, 429, 500, 503};
constexpr int attempts = 32;  // more than one call ever makes

void check(const std::vector<base::Result<>>& results) {
  must(results.size() == 3, "one result for each id");
  for (const auto& result : results) {
    if (!result) must(result.error().text.size() < 1000, "errors are short");
  }
}

void receive(gcp::PubsubInbox& inbox) {
  const auto messages = support::run(inbox.receive());
  if (!messages) {
    must(!messages.error().text.empty() && messages.error().text.size() < 1000, "errors are short");
    return;
  }
  must(messages->size() <= gcp::Pubsub::max_messages, "more was not asked for");
  for (const auto& message : *messages) {
    must(message.receive_count >= 1 && message.receive_count <= 1'000'000, "a count is plausible");
    must(message.id.size() <= 64, "an id is short enough for logs");
  }
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned call = input.take_byte();
  const int status = statuses[input.take_byte() % statuses.size()];
  gcp::test::Bench bench;
  for (int i = 0; i < attempts; ++i) bench.http.reply(status, input.rest());
  const gcp::Projects projects;
  gcp::Births births(projects);
  gcp::PubsubInbox inbox(std::make_unique<gcp::Pubsub>(gcp::Subscription{"shop", "edsm"},
                                                       bench.client(gcp::Service::pubsub),
                                                       bench.client(gcp::Service::pubsub)),
                         projects, births, bench.clock);
  std::vector<std::string> ids = {"a", "b", "c"};
  switch (call % 4) {
    case 0:
      return receive(inbox);
    case 1:
      return check(support::run(inbox.acknowledge(std::move(ids))));
    case 2:
      return check(support::run(inbox.hold(std::move(ids), std::chrono::seconds(30))));
    default:
      const auto facts = support::run(inbox.describe());
      if (!facts) return;
      must(facts->hold_time >= gcp::Pubsub::min_deadline &&
               facts->hold_time <= gcp::Pubsub::max_deadline,
           "a deadline is one of the service's");
  }
}

}  // namespace edsm::fuzz
