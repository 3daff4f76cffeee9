#include <string>

#include <fmt/format.h>

#include "sim/cluster/cluster.hpp"
#include "sim/cluster/refusal.hpp"

namespace edsm::sim {

Reply too_many_requests(int retry_after_seconds) {
  return {429,
          net::Headers{{"Content-Type", "text/plain; charset=utf-8"},
                       {"Retry-After", std::to_string(retry_after_seconds)}},
          "Too many requests, please try again later.\n"};
}

Reply internal_error(std::string_view why) {
  return to_reply(unexplained(std::string(why)));
}

Reply unavailable(std::string_view why) {
  return to_reply({503, "ServiceUnavailable", std::string(why), {}, {}});
}

Reply timeout() {
  return to_reply(
      {504, "Timeout", "Timeout: request did not complete within the allotted timeout", {}, {}});
}

Reply forbidden(const Access& access) {
  const std::string subresource = access.subresource.empty() ? "" : "/" + access.subresource;
  const std::string plural =
      access.group.empty() ? access.resource : access.resource + "." + access.group;
  const std::string object = access.name.empty() ? "" : fmt::format(" \"{}\"", access.name);
  const std::string where = access.ns.empty() ? "at the cluster scope"
                                              : fmt::format("in the namespace \"{}\"", access.ns);
  Object details;
  if (!access.name.empty()) details["name"] = access.name;
  if (!access.group.empty()) details["group"] = access.group;
  details["kind"] = access.resource;
  return to_reply(
      {403,
       "Forbidden",
       fmt::format(R"({}{} is forbidden: User "{}" cannot {} resource "{}{}" in API group "{}" {})",
                   plural, object, access.user, access.verb, access.resource, subresource,
                   access.group, where),
       std::move(details),
       {}});
}

}  // namespace edsm::sim
