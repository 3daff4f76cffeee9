#include "sim/cluster/refusal.hpp"

#include <algorithm>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

namespace edsm::sim {
namespace {

Object about(const Kind& kind, std::string_view name) {
  Object details;
  if (!name.empty()) details["name"] = name;
  if (!kind.resource.group.empty()) details["group"] = kind.resource.group;
  details["kind"] = kind.resource.plural;
  return details;
}

Object cause_json(const Cause& cause) {
  Object json;
  if (!cause.reason.empty()) json["reason"] = cause.reason;
  json["message"] = cause.message;
  if (!cause.field.empty()) json["field"] = cause.field;
  return json;
}

}  // namespace

Refusal not_found(const Kind& kind, std::string_view name) {
  return {404,
          "NotFound",
          fmt::format("{} \"{}\" not found", kind.qualified_plural(), name),
          about(kind, name),
          {}};
}

Refusal already_exists(const Kind& kind, std::string_view name) {
  return {409,
          "AlreadyExists",
          fmt::format("{} \"{}\" already exists", kind.qualified_plural(), name),
          about(kind, name),
          {}};
}

Refusal conflict(const Kind& kind, std::string_view name, std::string_view why) {
  return {409,
          "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", kind.qualified_plural(),
                      name, why),
          about(kind, name),
          {}};
}

Refusal deletion_conflict(const Kind& kind, std::string_view name, std::string_view why) {
  Object details = about(kind, name);
  details["kind"] = kind.resource.kind;
  return {409,
          "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", kind.qualified_kind(), name,
                      why),
          std::move(details),
          {}};
}

Refusal modified(const Kind& kind, std::string_view name) {
  return conflict(kind, name,
                  "the object has been modified; please apply your changes to the latest version "
                  "and try again");
}

Refusal invalid(std::string_view group, std::string_view kind, std::string qualified,
                std::string_view name, const std::vector<Cause>& causes) {
  Object details;
  if (!name.empty()) details["name"] = name;
  if (!group.empty()) details["group"] = group;
  if (!kind.empty()) details["kind"] = kind;
  boost::json::array list;
  std::vector<std::string> said;
  for (const Cause& cause : causes) {
    list.push_back(cause_json(cause));
    std::string one = fmt::format("{}: {}", cause.field, cause.message);
    if (std::ranges::find(said, one) == said.end()) said.push_back(std::move(one));
  }
  std::string text = fmt::format("{}", fmt::join(said, ", "));
  details["causes"] = std::move(list);
  if (said.size() > 1) text = "[" + text + "]";
  return {422,
          "Invalid",
          fmt::format("{} \"{}\" is invalid: {}", qualified, name, text),
          std::move(details),
          {}};
}

Refusal invalid(const Kind& kind, std::string_view name, const std::vector<Cause>& causes) {
  // Events are checked as the core kind that they once were.
  if (kind.resource.plural == "events") return invalid("", "Event", "Event", name, causes);
  return invalid(kind.resource.group, kind.resource.kind, kind.qualified_kind(), name, causes);
}

Refusal bad_request(std::string message) {
  return {400, "BadRequest", std::move(message), {}, {}};
}

Refusal unauthorized() {
  return {401, "Unauthorized", "Unauthorized", {}, {}};
}

Refusal unsupported_patch(bool known) {
  if (!known) return {415, "UnsupportedMediaType", "415: Unsupported Media Type", {}, {}, true};
  return {415,
          "UnsupportedMediaType",
          "the body of the request was in an unknown format - accepted media types include: "
          "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml",
          {},
          {}};
}

Refusal no_resource() {
  return {404, "NotFound", "the server could not find the requested resource", {}, {}, true};
}

Refusal method_not_allowed() {
  return {405,
          "MethodNotAllowed",
          "the server does not allow this method on the requested resource",
          {},
          {},
          true};
}

Refusal failed_patch() {
  return {422, "Invalid", "the server rejected our request due to an error in our request",
          {},  {},        true};
}

Refusal expired(std::string message) {
  return {410, "Expired", std::move(message), {}, {}};
}

Refusal too_large_version(std::uint64_t asked, std::uint64_t current) {
  Refusal refusal{
      504,
      "Timeout",
      fmt::format("Timeout: Too large resource version: {}, current: {}", asked, current),
      {},
      {}};
  const Cause cause{"ResourceVersionTooLarge", "Too large resource version", {}};
  refusal.details["causes"] = boost::json::array{cause_json(cause)};
  refusal.details["retryAfterSeconds"] = 1;
  return refusal;
}

Refusal unexplained(std::string message) {
  return {500, "", std::move(message), {}, {}};
}

std::string to_json(const Refusal& refusal) {
  Object status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  Object& metadata = metadata_of(status);
  if (!refusal.continue_token.empty()) metadata["continue"] = refusal.continue_token;
  status["status"] = "Failure";
  status["message"] = refusal.message;
  if (!refusal.reason.empty()) status["reason"] = refusal.reason;
  if (!refusal.details.empty() || refusal.bare_details) status["details"] = refusal.details;
  status["code"] = refusal.code;
  return boost::json::serialize(status);
}

Reply to_reply(const Refusal& refusal) {
  Reply reply = json_reply(refusal.code, to_json(refusal));
  const auto wait = number_of(refusal.details, "retryAfterSeconds");
  if (wait > 0) reply.headers.add("Retry-After", std::to_string(wait));
  return reply;
}

Reply json_reply(int status, std::string body) {
  body += '\n';
  return {status, net::Headers{{"Content-Type", "application/json"}}, std::move(body)};
}

std::string success_json(const Kind& kind, std::string_view name, std::string_view uid) {
  Object status;
  status["kind"] = "Status";
  status["apiVersion"] = "v1";
  metadata_of(status);
  status["status"] = "Success";
  Object details = about(kind, name);
  details["uid"] = uid;
  status["details"] = std::move(details);
  return boost::json::serialize(status);
}

}  // namespace edsm::sim
