#include "cloud/aws/inspect/queue_facts.hpp"

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cloud/aws/text.hpp"

namespace edsm::cloud::aws {

using base::string_at;

base::Task<base::Result<QueueFacts>> read_queue_facts(Client& client, std::string queue_url) {
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", queue_url).key("AttributeNames").begin_array();
  json.string("All").end_array().end_object();
  auto body = std::move(json).take();
  const auto answer = co_await client.call("GetQueueAttributes", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  const auto text = [&answer](const char* name) {
    return std::string(string_at(answer->root(), fmt::format("Attributes.{}", name)));
  };
  const auto number = [&text](const char* name) { return parse_number(text(name)).value_or(0); };
  QueueFacts facts;
  facts.arn = text("QueueArn");
  facts.policy = text("Policy");
  facts.kms_key = text("KmsMasterKeyId");
  facts.waiting = number("ApproximateNumberOfMessages");
  facts.in_work = number("ApproximateNumberOfMessagesNotVisible");
  if (const auto redrive = base::JsonDocument::parse(text("RedrivePolicy"))) {
    facts.dead_letters_arn = string_at(redrive->root(), "deadLetterTargetArn");
    // As a number or as a text: both are accepted by the service, and given back as they came.
    facts.max_receives =
        base::int_at(redrive->root(), "maxReceiveCount")
            .value_or(parse_number(string_at(redrive->root(), "maxReceiveCount")).value_or(0));
  }
  co_return facts;
}

std::string queue_url_of(std::string_view arn, const QueueUrl& like) {
  const auto parts = split(arn, ':');
  if (parts.size() != 6) return {};
  const auto end = fmt::format("/{}/{}", like.account, like.name);
  if (!like.url.ends_with(end)) return {};
  return fmt::format("{}/{}/{}", std::string_view(like.url).substr(0, like.url.size() - end.size()),
                     parts[4], parts[5]);
}

}  // namespace edsm::cloud::aws
