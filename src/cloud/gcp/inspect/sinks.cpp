#include "cloud/gcp/inspect/sinks.hpp"

#include <fmt/format.h>

#include "net/url.hpp"

namespace edsm::cloud::gcp {
namespace {

using base::string_at;

constexpr std::string_view to_pubsub = "pubsub.googleapis.com/";

Sink read_sink(const boost::json::value& json) {
  Sink sink{std::string(string_at(json, "name")),
            std::string(string_at(json, "destination")),
            std::string(string_at(json, "filter")),
            std::string(string_at(json, "writerIdentity")),
            base::bool_at(json, "disabled").value_or(false),
            {}};
  const auto* const exclusions = base::array_at(json, "exclusions");
  if (exclusions == nullptr) return sink;
  for (const auto& each : *exclusions) {
    if (!base::bool_at(each, "disabled").value_or(false))
      sink.exclusions.emplace_back(string_at(each, "filter"));
  }
  return sink;
}

Field text(std::string value) {
  return {Field::Kind::text, std::move(value)};
}

/// What an entry of the audit log about a secret has, as far as filters ask for it.
Field field_of(std::string_view path, std::string_view method, const SecretName& secret,
               std::string_view number) {
  constexpr std::string_view service = "secretmanager.googleapis.com";
  const bool read = method.starts_with("Access") || method.starts_with("Get");
  if (path == "logName") {
    return text(fmt::format("projects/{}/logs/cloudaudit.googleapis.com%2F{}", secret.project,
                            read ? "data_access" : "activity"));
  }
  if (path == "protoPayload.serviceName" || path == "resource.labels.service")
    return text(std::string(service));
  if (path == "protoPayload.methodName" || path == "resource.labels.method")
    return text(fmt::format("google.cloud.secretmanager.v1.SecretManagerService.{}", method));
  if (path == "protoPayload.@type") return text("type.googleapis.com/google.cloud.audit.AuditLog");
  if (path == "resource.type") return text("audited_resource");
  if (path == "severity") return text(read ? "INFO" : "NOTICE");
  if (path == "protoPayload.status.code") return {};
  if (path == "protoPayload.resourceName" && !number.empty()) {
    auto named = secret;
    named.project = number;
    return text(named.resource());
  }
  return {Field::Kind::unclear, {}};
}

}  // namespace

std::string_view Sink::topic() const {
  std::string_view place = destination;
  if (!place.starts_with(to_pubsub)) return {};
  place.remove_prefix(to_pubsub.size());
  return place;
}

Call sinks_call(const std::string& project, const std::string& page) {
  auto path = fmt::format("/v2/projects/{}/sinks", net::percent_encode(project));
  if (!page.empty()) path += "?pageToken=" + net::percent_encode(page);
  return {"ListSinks", std::move(path)};
}

std::string parse_sinks(const boost::json::value& json, std::vector<Sink>& sinks) {
  if (const auto* const list = base::array_at(json, "sinks")) {
    for (const auto& each : *list) sinks.push_back(read_sink(each));
  }
  return std::string(string_at(json, "nextPageToken"));
}

Passes sends(const Sink& sink, std::string_view method, const SecretName& secret,
             std::string_view number) {
  if (sink.disabled) return Passes::no;
  const Fields fields = [&](std::string_view path) {
    return field_of(path, method, secret, number);
  };
  auto sent = passes(sink.filter, fields);
  for (const auto& exclusion : sink.exclusions) {
    const auto excluded = passes(exclusion, fields);
    if (excluded == Passes::yes) return Passes::no;
    if (excluded == Passes::unclear && sent == Passes::yes) sent = Passes::unclear;
  }
  return sent;
}

}  // namespace edsm::cloud::gcp
