#include "cloud/aws/secrets_manager.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/json_writer.hpp"
#include "cloud/aws/errors.hpp"
#include "cloud/aws/match.hpp"

namespace edsm::cloud::aws {
namespace {

using base::Failure;
using base::string_at;
using boost::json::value;

/// Answers are escaped JSON of up to twenty values of 64 KiB.
constexpr std::size_t max_answer = std::size_t{16} << 20U;
constexpr std::size_t max_version = 256;
constexpr base::Duration call_timeout = std::chrono::seconds(10);

base::SecretBytes request_for(std::string_view id) {
  base::JsonWriter json;
  json.begin_object().member("SecretId", id).end_object();
  return std::move(json).take();
}

/// Adds what the reader of a condition needs: which secret, and what to do.
base::Error explain(base::Error error, std::string_view action, std::string_view id) {
  if (error.code.starts_with("DecryptionFailure") || error.code.starts_with("Kms")) {
    error.text +=
        fmt::format("; grant kms:Decrypt on the key of {}, and check that the key is enabled", id);
  } else if (error.failure == Failure::refused && error.code.starts_with("AccessDenied")) {
    error.text += fmt::format(
        "; grant secretsmanager:{} on {} (and kms:Decrypt, if its key is your own)", action, id);
  } else if (error.failure == Failure::absent) {
    error.text +=
        fmt::format("; the secret {} does not exist, or has no version labelled AWSCURRENT", id);
  } else {
    error.text += fmt::format(" (secret {})", id);
  }
  return error;
}

/// A version id as it may go into annotations and log lines (AWS: 32 to 64 characters of any kind).
bool valid_version(std::string_view id) {
  const auto control = [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; };
  return !id.empty() && id.size() <= max_version && std::ranges::none_of(id, control);
}

/// Reads SecretString or SecretBinary, straight from the wiped arena into wiped bytes.
base::Result<Value> read_value(const value& json, std::string_view id) {
  Value result;
  result.version = string_at(json, "VersionId");
  const auto malformed = [id](std::string_view why) {
    return base::fail(Failure::transient, "MalformedAnswer",
                      fmt::format("Secrets Manager answered for {} {}", id, why));
  };
  if (!valid_version(result.version)) return malformed("without a sound VersionId");
  if (const auto* const text = base::find(json, "SecretString");
      text != nullptr && text->is_string()) {
    result.bytes.append(string_at(json, "SecretString"));
    return result;
  }
  const auto* const binary = base::find(json, "SecretBinary");
  if (binary == nullptr || !binary->is_string())
    return malformed("with neither SecretString nor SecretBinary");
  auto decoded = base::base64_decode(string_at(json, "SecretBinary"));
  if (!decoded) return malformed("with a SecretBinary that is not base64");
  result.form = Form::binary;
  result.bytes = std::move(*decoded);
  return result;
}

/// The version that carries AWSCURRENT, of {version id: [labels]}.
std::string current_of(const value& json, std::string_view member) {
  const auto* const versions = base::object_at(json, member);
  if (versions == nullptr) return {};
  for (const auto& [id, labels] : *versions) {
    const auto* const list = labels.if_array();
    const auto is_current = [](const value& label) {
      return label.is_string() && label.get_string() == "AWSCURRENT";
    };
    const bool found = list != nullptr && std::ranges::any_of(*list, is_current);
    if (found && valid_version(id)) return {id.data(), id.size()};
  }
  return {};
}

SecretFacts read_facts(const value& json) {
  SecretFacts facts;
  facts.arn = string_at(json, "ARN");
  facts.name = string_at(json, "Name");
  // The two operations name the same map differently; an emulator sends both.
  facts.current_version = current_of(json, "VersionIdsToStages");
  if (facts.current_version.empty())
    facts.current_version = current_of(json, "SecretVersionsToStages");
  facts.deleted = base::find(json, "DeletedDate") != nullptr;
  return facts;
}

}  // namespace

base::Task<base::Result<Value>> SecretsManager::get_value(std::string id) {
  auto body = request_for(id);
  auto answer = co_await client_->call("GetSecretValue", std::move(body), call_timeout, max_answer);
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), "GetSecretValue", id));
  co_return read_value(answer->root(), id);
}

base::Task<base::Result<BatchAnswer>> SecretsManager::get_values(std::vector<std::string> ids) {
  base::JsonWriter json;
  json.begin_object().key("SecretIdList").begin_array();
  for (const auto& id : ids) json.string(id);
  json.end_array().end_object();
  auto body = std::move(json).take();
  auto answer =
      co_await client_->call("BatchGetSecretValue", std::move(body), call_timeout, max_answer);
  if (!answer) co_return std::unexpected(std::move(answer.error()));

  BatchAnswer batch;
  if (const auto* const values = base::array_at(answer->root(), "SecretValues")) {
    for (const auto& each : *values) {
      const std::string name(string_at(each, "Name"));
      auto value = read_value(each, valid_secret_name(name) ? name : "a secret");
      batch.values.push_back({std::string(string_at(each, "ARN")), name, std::move(value)});
    }
  }
  if (const auto* const errors = base::array_at(answer->root(), "Errors")) {
    for (const auto& each : *errors) {
      const std::string id(string_at(each, "SecretId"));
      if (std::ranges::find(ids, id) == ids.end()) continue;
      const std::string code = bare_code(string_at(each, "ErrorCode"));
      base::Error error{
          classify(code, 400),
          code,
          fmt::format("secretsmanager BatchGetSecretValue in {} failed", client_->region()),
          {}};
      batch.errors.insert_or_assign(id, explain(std::move(error), "GetSecretValue", id));
    }
  }
  co_return batch;
}

base::Task<base::Result<SecretFacts>> SecretsManager::describe(std::string id) {
  auto body = request_for(id);
  auto answer = co_await client_->call("DescribeSecret", std::move(body), call_timeout, max_answer);
  if (!answer) co_return std::unexpected(explain(std::move(answer.error()), "DescribeSecret", id));
  co_return read_facts(answer->root());
}

base::Task<base::Result<SecretPage>> SecretsManager::list(std::string next_token) {
  base::JsonWriter json;
  json.begin_object().key("MaxResults").number(100);
  if (!next_token.empty()) json.member("NextToken", next_token);
  json.end_object();
  auto body = std::move(json).take();
  auto answer = co_await client_->call("ListSecrets", std::move(body), call_timeout, max_answer);
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  SecretPage page;
  page.next_token = string_at(answer->root(), "NextToken");
  if (const auto* const list = base::array_at(answer->root(), "SecretList")) {
    for (const auto& each : *list) page.secrets.push_back(read_facts(each));
  }
  co_return page;
}

}  // namespace edsm::cloud::aws
