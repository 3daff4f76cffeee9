#include "cloud/aws/inspect/permissions.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;

/// A handle that SQS has never given out.
constexpr std::string_view no_handle = "edsm-doctor";

Trial::Outcome outcome_of(const base::Error& error) {
  static constexpr auto of_rights = std::to_array<std::string_view>(
      {"AccessDenied", "KmsAccessDenied", "NotAuthorized", "UnauthorizedOperation"});
  const auto about_rights = [&error](std::string_view code) {
    return error.code.starts_with(code);
  };
  if (std::ranges::any_of(of_rights, about_rights)) return Trial::Outcome::denied;
  const bool answered = error.failure == Failure::invalid || error.failure == Failure::absent ||
                        error.failure == Failure::refused;
  return answered ? Trial::Outcome::permitted : Trial::Outcome::unclear;
}

/// Makes a call and keeps only whether it was permitted.
base::Task<Trial> attempt(Client& client, std::string service, std::string operation,
                          base::SecretBytes body) {
  Trial trial;
  trial.action = fmt::format("{}:{}", service, operation);
  const auto answer = co_await client.call(std::move(operation), std::move(body));
  if (answer) co_return trial;
  trial.outcome = outcome_of(answer.error());
  if (trial.outcome != Trial::Outcome::permitted) trial.why = base::describe(answer.error());
  co_return trial;
}

base::JsonWriter begin(std::string_view member, std::string_view text) {
  base::JsonWriter json;
  json.begin_object().member(member, text);
  return json;
}

}  // namespace

base::Task<std::vector<Trial>> try_queue(Client& sqs, std::string queue_url) {
  std::vector<Trial> trials;
  auto receive = begin("QueueUrl", queue_url);
  receive.key("MaxNumberOfMessages").number(0).end_object();  // 1 would take a message
  auto body = std::move(receive).take();
  auto received = co_await attempt(sqs, "sqs", "ReceiveMessage", std::move(body));
  trials.push_back(std::move(received));

  auto remove = begin("QueueUrl", queue_url);
  remove.member("ReceiptHandle", no_handle).end_object();
  body = std::move(remove).take();
  auto removed = co_await attempt(sqs, "sqs", "DeleteMessage", std::move(body));
  trials.push_back(std::move(removed));

  auto hold = begin("QueueUrl", queue_url);
  hold.member("ReceiptHandle", no_handle).key("VisibilityTimeout").number(30).end_object();
  body = std::move(hold).take();
  auto held = co_await attempt(sqs, "sqs", "ChangeMessageVisibility", std::move(body));
  trials.push_back(std::move(held));
  co_return trials;
}

base::Task<std::vector<Trial>> try_all_secrets(Client& secrets) {
  std::vector<Trial> trials;
  base::JsonWriter batch;
  batch.begin_object().key("SecretIdList").begin_array().string("edsm-doctor/no-such-secret");
  batch.end_array().end_object();
  auto body = std::move(batch).take();
  auto read = co_await attempt(secrets, "secretsmanager", "BatchGetSecretValue", std::move(body));
  trials.push_back(std::move(read));

  base::JsonWriter list;
  list.begin_object().key("MaxResults").number(1).end_object();
  body = std::move(list).take();
  auto listed = co_await attempt(secrets, "secretsmanager", "ListSecrets", std::move(body));
  trials.push_back(std::move(listed));
  co_return trials;
}

base::Task<Trial> try_secret(Client& secrets, std::string id) {
  auto question = begin("SecretId", id);
  question.member("VersionStage", "edsm-doctor-no-such-label").end_object();
  auto body = std::move(question).take();
  auto trial = co_await attempt(secrets, "secretsmanager", "GetSecretValue", std::move(body));
  co_return trial;
}

}  // namespace edsm::cloud::aws
