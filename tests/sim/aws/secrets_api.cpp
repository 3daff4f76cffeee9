#include "sim/aws/secrets_api.hpp"

#include <charconv>

#include <fmt/format.h>

#include "base/crypto.hpp"

namespace edsm::sim::aws {
namespace {

namespace json = boost::json;

constexpr std::size_t batch_limit = 20;
constexpr std::int64_t page_limit = 100;
constexpr std::string_view current_stage = "AWSCURRENT";

json::array labels(const std::vector<std::string>& stages) {
  json::array result;
  for (const auto& stage : stages) result.emplace_back(stage);
  return result;
}

json::object stages_of(const Secret& secret) {
  json::object result;
  for (const Version& each : secret.versions) {
    if (!each.stages.empty()) result.emplace(each.id, labels(each.stages));
  }
  return result;
}

std::unexpected<ServiceError> invalid(std::string_view member, std::string_view constraint) {
  return fail(
      "ValidationException",
      fmt::format("1 validation error detected: Value at '{}' failed to satisfy constraint: "
                  "{}",
                  member, constraint));
}

/// The 24 hours in which a value was read last: the service tells no more.
base::WallTime day_of(base::WallTime time) {
  return std::chrono::floor<std::chrono::days>(time);
}

}  // namespace

ServiceError access_denied(Api api, std::string_view operation, std::string_view resource) {
  const std::string action = fmt::format("{}:{}", to_string(api), operation);
  return {"AccessDeniedException",
          fmt::format("User: arn:aws:sts::000000000000:assumed-role/edsm/edsm is not authorized to "
                      "perform: {} on resource: {} because no identity-based policy allows the {} "
                      "action",
                      action, resource, action),
          api == Api::sqs ? 403 : 400};
}

Answer<json::object> SecretsApi::answer(Secrets& secrets, std::string_view operation,
                                        const json::object& input, CloudCall& call) {
  if (faults_.denied(operation))
    return std::unexpected(access_denied(Api::secrets_manager, operation, "*"));
  if (operation == "GetSecretValue") return get(secrets, input, call);
  if (operation == "BatchGetSecretValue") return batch_get(secrets, input, call);
  if (operation == "ListSecrets") return list(secrets, input, call);
  if (operation == "DescribeSecret") return describe(secrets, input, call);
  return fail("UnknownOperationException", "");
}

Answer<Secret*> SecretsApi::find(Secrets& secrets, std::string_view operation,
                                 std::string_view id) {
  Secret* const secret = secrets.find(id);
  const std::string_view name = secret == nullptr ? id : std::string_view(secret->name);
  if (faults_.denied(operation, name))
    return std::unexpected(access_denied(Api::secrets_manager, operation, id));
  if (secret == nullptr)
    return fail("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
  return secret;
}

Answer<json::object> SecretsApi::value(Secrets& secrets, std::string_view id,
                                       std::string_view version_id, std::string_view stage,
                                       CloudCall& call) {
  const auto found = find(secrets, "GetSecretValue", id);
  if (!found) return std::unexpected(found.error());
  Secret& secret = **found;
  if (secret.deleted) {
    return fail("InvalidRequestException",
                "You can't perform this operation on the secret because it was marked for "
                "deletion.");
  }
  if (version_id.empty() && stage.empty()) stage = current_stage;
  const Version* const version =
      version_id.empty() ? secret.at_stage(stage) : secret.version(version_id);
  if (version == nullptr) {
    return fail("ResourceNotFoundException",
                fmt::format("Secrets Manager can't find the specified secret value for {}: {}",
                            version_id.empty() ? "staging label" : "VersionId",
                            version_id.empty() ? stage : version_id));
  }
  if (!version_id.empty() && !stage.empty() && !version->has(stage)) {
    return fail("InvalidRequestException",
                "You provided a VersionStage that is not associated to the provided VersionId.");
  }
  if (faults_.undecryptable.contains(secret.name)) {
    return fail("DecryptionFailure",
                "Secrets Manager can't decrypt the protected secret text using the provided KMS "
                "key.");
  }
  secret.accessed = timeline_.wall();
  call.values.push_back({secret.name, version->id});
  json::object result{{"ARN", secret.arn},
                      {"Name", secret.name},
                      {"VersionId", version->id},
                      {"VersionStages", labels(version->stages)},
                      {"CreatedDate", epoch_seconds(version->created)}};
  if (version->binary) {
    result["SecretBinary"] = base::base64(version->bytes);
  } else {
    result["SecretString"] = version->bytes;
  }
  return result;
}

Answer<json::object> SecretsApi::get(Secrets& secrets, const json::object& input, CloudCall& call) {
  const std::string_view id = text_at(input, "SecretId");
  if (id.empty()) return invalid("secretId", "Member must not be null");
  call.ids.emplace_back(id);
  auto result =
      value(secrets, id, text_at(input, "VersionId"), text_at(input, "VersionStage"), call);
  if (result) secrets.events().read("GetSecretValue", input, call.caller);
  return result;
}

Answer<json::object> SecretsApi::batch_get(Secrets& secrets, const json::object& input,
                                           CloudCall& call) {
  const auto* const member = input.if_contains("SecretIdList");
  if (member == nullptr || !member->is_array() || input.contains("Filters"))
    return fail("InvalidParameterException", "Either SecretIdList or Filters must be provided.");
  if (input.contains("MaxResults"))
    return fail("InvalidParameterException", "MaxResults can be used with Filters only.");
  const json::array& ids = member->get_array();
  if (ids.empty() || ids.size() > batch_limit) {
    return invalid("secretIdList", ids.empty()
                                       ? "Member must have length greater than or equal to 1"
                                       : "Member must have length less than or equal to 20");
  }
  const auto start = position_of(input);
  if (!start) return std::unexpected(start.error());
  for (const auto& id : ids) call.ids.emplace_back(id.is_string() ? id.get_string().c_str() : "");

  json::array values;
  json::array errors;
  json::object result;
  std::size_t bytes = 0;
  secrets.events().read("BatchGetSecretValue", input, call.caller);
  for (std::size_t i = *start; i < call.ids.size(); ++i) {
    if (i > *start && (bytes >= faults_.batch_bytes || chance(timeline_, faults_.batch_short))) {
      result["NextToken"] = token_for(i);
      break;
    }
    Answer<json::object> one;
    if (chance(timeline_, faults_.batch_throttled)) {
      one = fail("ThrottlingException", "Rate exceeded");
    } else if (chance(timeline_, faults_.batch_internal_error)) {
      one = fail("InternalServiceError", "An error occurred on the server side.");
    } else {
      one = value(secrets, call.ids[i], {}, {}, call);
    }
    if (!one) {
      errors.push_back(json::object{{"SecretId", call.ids[i]},
                                    {"ErrorCode", one.error().code},
                                    {"Message", one.error().message}});
      continue;
    }
    // CloudTrail has an entry for each secret, too.
    secrets.events().read("GetSecretValue", {{"secretId", one->at("ARN")}}, call.caller);
    bytes += secrets.find(call.ids[i])->at_stage(current_stage)->bytes.size();
    values.push_back(std::move(*one));
  }
  result["SecretValues"] = std::move(values);
  result["Errors"] = std::move(errors);
  return result;
}

Answer<json::object> SecretsApi::describe(Secrets& secrets, const json::object& input,
                                          CloudCall& call) {
  const std::string_view id = text_at(input, "SecretId");
  if (id.empty()) return invalid("secretId", "Member must not be null");
  call.ids.emplace_back(id);
  const auto found = find(secrets, "DescribeSecret", id);
  if (!found) return std::unexpected(found.error());
  const Secret& secret = **found;
  secrets.events().read("DescribeSecret", input, call.caller);
  json::object result{{"ARN", secret.arn},
                      {"Name", secret.name},
                      {"CreatedDate", epoch_seconds(secret.created)},
                      {"LastChangedDate", epoch_seconds(secret.changed)},
                      {"VersionIdsToStages", stages_of(secret)}};
  if (secret.accessed) result["LastAccessedDate"] = epoch_seconds(day_of(*secret.accessed));
  if (secret.deleted) result["DeletedDate"] = epoch_seconds(*secret.deleted);
  return result;
}

Answer<json::object> SecretsApi::list(Secrets& secrets, const json::object& input,
                                      const CloudCall& call) {
  if (input.contains("Filters"))
    return fail("InvalidParameterException", "Filters are not simulated.");
  const auto* const limit = input.if_contains("MaxResults");
  const bool limited = limit != nullptr && limit->is_int64();
  const std::int64_t max = limited ? limit->get_int64() : page_limit;
  if (max < 1 || max > page_limit) return invalid("maxResults", "Member must be between 1 and 100");
  const auto* const planned = input.if_contains("IncludePlannedDeletion");
  const bool with_deleted = planned != nullptr && planned->is_bool() && planned->get_bool();
  const auto start = position_of(input);
  if (!start) return std::unexpected(start.error());
  secrets.events().read("ListSecrets", input, call.caller);

  json::object result;
  json::array page;
  std::uint64_t last = *start;
  for (const auto& [name, each] : secrets.listed(timeline_.now() - faults_.list_lag)) {
    // A token names the last secret shown, so changes between the pages neither hide nor repeat
    // others.
    if (each->order <= *start || (each->deleted && !with_deleted)) continue;
    if (static_cast<std::int64_t>(page.size()) == max) {
      result["NextToken"] = token_for(last);
      break;
    }
    json::object stages;
    for (const auto& [version, its_labels] : each->stages)
      stages.emplace(version, labels(its_labels));
    json::object entry{{"ARN", each->arn},
                       {"Name", std::string(name)},
                       {"CreatedDate", epoch_seconds(each->created)},
                       {"LastChangedDate", epoch_seconds(each->changed)},
                       {"SecretVersionsToStages", std::move(stages)}};
    if (each->deleted) entry["DeletedDate"] = epoch_seconds(*each->deleted);
    page.push_back(std::move(entry));
    last = each->order;
  }
  result["SecretList"] = std::move(page);
  return result;
}

std::string SecretsApi::token_for(std::uint64_t position) const {
  return base::base64(fmt::format("{}/{}", token_age_, position));
}

Answer<std::uint64_t> SecretsApi::position_of(const json::object& input) const {
  const std::string_view token = text_at(input, "NextToken");
  if (token.empty()) return std::uint64_t{0};
  const auto bytes = base::base64_decode(token);
  const std::string age = fmt::format("{}/", token_age_);
  if (bytes && bytes->view().starts_with(age)) {
    const std::string_view number = bytes->view().substr(age.size());
    std::uint64_t position = 0;
    const auto [end, error] =
        std::from_chars(number.data(), number.data() + number.size(), position);
    if (error == std::errc() && end == number.data() + number.size()) return position;
  }
  return fail("InvalidNextTokenException", "Invalid token.");
}

}  // namespace edsm::sim::aws
