// Answers of SQS. The first byte chooses the call, the second the HTTP status, the rest is the
// body.
#include "cloud/aws/sqs.hpp"

#include <array>

#include "support/aws_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

constexpr std::array statuses = {200, 200, 200, 400, 403, 429, 500, 503};
constexpr int attempts = 12;  // more than one call ever makes

template <class T>
T run(base::Task<T> task) {
  return support::run(std::move(task));
}

void receive(aws::Sqs& sqs) {
  const auto messages = run(sqs.receive());
  if (!messages) {
    must(!messages.error().text.empty() && messages.error().text.size() < 1000, "errors are short");
    return;
  }
  for (const auto& message : *messages)
    must(message.receive_count >= 1 && message.receive_count <= 1'000'000, "a count is plausible");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  const unsigned call = input.take_byte();
  const int status = statuses[input.take_byte() % statuses.size()];
  aws::test::Bench bench;
  for (int i = 0; i < attempts; ++i) bench.http.reply(status, input.rest());
  aws::QueueUrl queue;
  queue.url = "https://sqs.eu-west-1.amazonaws.com/123456789012/edsm";
  queue.name = "edsm";
  aws::Sqs sqs(queue, bench.client(aws::Service::sqs), bench.client(aws::Service::sqs));

  std::vector<std::string> handles = {"a", "b", "c"};
  switch (call % 4) {
    case 0:
      return receive(sqs);
    case 1:
      must(run(sqs.remove(std::move(handles))).size() == 3, "one result for each handle");
      return;
    case 2:
      must(run(sqs.change_visibility(std::move(handles), std::chrono::seconds(30))).size() == 3,
           "one result for each handle");
      return;
    default:
      const auto facts = run(sqs.attributes());
      if (facts) must(facts->hold_time >= base::Duration(0), "a time is not negative");
  }
}

}  // namespace edsm::fuzz
