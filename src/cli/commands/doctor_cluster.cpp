#include "cli/commands/doctor_cluster.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "base/time.hpp"
#include "cli/commands/doctor_admission.hpp"
#include "cli/commands/doctor_definition.hpp"
#include "cli/commands/doctor_tenancy.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

constexpr std::string_view kLease = "a06dd29d.edsm.io";
constexpr std::string_view kDigestKey = "edsm-digest-key";
/// More troubles than this are summed up.
constexpr std::size_t kShownTroubles = 10;

/// Where the controller needs a right.
enum class Where : std::uint8_t { watched, own_namespace, cluster };

/// A right that the controller needs; config/rbac/controller.yaml and config/optional/tenancy.yaml
/// say what for.
struct Right {
  std::string_view group;
  std::string_view resource;
  std::string_view subresource;
  std::string_view name;
  std::vector<std::string_view> verbs;
  Where where = Where::watched;
  std::string_view held_by =
      "config/rbac/controller.yaml and the Helm chart hold all that is needed";
};

const std::vector<Right>& rights() {
  static const std::vector<Right> all = {
      {"secrets.edsm.io", "eventdrivensecrets", "", "", {"list", "watch"}},
      {"secrets.edsm.io", "eventdrivensecrets", "status", "", {"patch"}},
      {"", "secrets", "", "", {"get", "list", "watch", "create", "patch"}},
      {"apps", "deployments", "", "", {"get", "list", "watch", "patch"}},
      {"apps", "statefulsets", "", "", {"get", "list", "watch", "patch"}},
      {"apps", "daemonsets", "", "", {"get", "list", "watch", "patch"}},
      {"events.k8s.io", "events", "", "", {"create", "patch"}},
      {"coordination.k8s.io", "leases", "", "", {"create"}, Where::own_namespace},
      {"coordination.k8s.io", "leases", "", kLease, {"get", "update"}, Where::own_namespace},
      {"", "secrets", "", kDigestKey, {"get"}, Where::own_namespace},
  };
  return all;
}

/// What --tenancy needs beside them.
const std::vector<Right>& tenancy_rights() {
  constexpr std::string_view held_by =
      "config/optional/tenancy.yaml holds it, and the Helm chart with its value tenancy";
  static const std::vector<Right> all = {
      {"secrets.edsm.io",
       "secretaccesspolicies",
       "",
       "",
       {"list", "watch"},
       Where::cluster,
       held_by},
      {"", "namespaces", "", "", {"list", "watch"}, Where::cluster, held_by},
  };
  return all;
}

/// Where the controller needs the right; an empty one: everywhere.
Namespaces places_of(const Examination& examination, const Right& right) {
  switch (right.where) {
    case Where::own_namespace:
      return {examination.own_namespace};
    case Where::cluster:
      return {""};
    case Where::watched:
      break;
  }
  return examination.watched;
}

base::SecretBytes review_body(const Examination& examination, const Right& right,
                              const std::string& ns, std::string_view verb) {
  base::JsonWriter json;
  json.begin_object().member("apiVersion", "authorization.k8s.io/v1");
  json.member("kind", examination.as.empty() ? "SelfSubjectAccessReview" : "SubjectAccessReview");
  json.key("spec").begin_object();
  if (!examination.as.empty()) json.member("user", examination.as);
  json.key("resourceAttributes").begin_object();
  json.member("group", right.group).member("resource", right.resource).member("verb", verb);
  if (!right.subresource.empty()) json.member("subresource", right.subresource);
  if (!right.name.empty()) json.member("name", right.name);
  if (!ns.empty()) json.member("namespace", ns);
  json.end_object().end_object().end_object();
  return std::move(json).take();
}

std::string name_of(const Right& right) {
  std::string name(right.resource);
  if (!right.subresource.empty()) name += fmt::format("/{}", right.subresource);
  if (!right.group.empty()) name += fmt::format(".{}", right.group);
  if (!right.name.empty()) name += fmt::format(" \"{}\"", right.name);
  return name;
}

struct Wanted {
  const Right* right;
  std::string ns;
  std::string_view verb;
};

void want(const Examination& examination, const std::vector<Right>& rights,
          std::vector<Wanted>& all) {
  for (const auto& right : rights) {
    for (const auto& ns : places_of(examination, right)) {
      for (const auto verb : right.verbs) all.push_back({&right, ns, verb});
    }
  }
}

/// Whether the rights of --tenancy are needed; if that cannot be seen, they are not asked for.
base::Task<bool> needs_tenancy(Examination& examination, Findings& findings) {
  if (!examination.tenancy.empty()) co_return examination.tenancy != "off";
  auto own = examination.own_namespace;
  const auto on = co_await tenancy_is_on(examination.api, std::move(own));
  if (on) co_return *on;
  findings.push_back({Level::unknown, "rbac",
                      "whether the controller runs with --tenancy: " + base::describe(on.error()),
                      "say it by --tenancy, or run this as somebody who may list Deployments in " +
                          examination.own_namespace});
  co_return false;
}

base::Task<void> examine_rights(Examination& examination, Findings& findings) {
  const std::string path =
      fmt::format("/apis/authorization.k8s.io/v1/{}",
                  examination.as.empty() ? "selfsubjectaccessreviews" : "subjectaccessreviews");
  const std::string who = examination.as.empty() ? "whoever runs this" : examination.as;
  std::vector<Wanted> wanted;
  want(examination, rights(), wanted);
  const bool tenancy = co_await needs_tenancy(examination, findings);
  if (tenancy) want(examination, tenancy_rights(), wanted);
  std::size_t asked = 0;
  std::size_t missing = 0;
  for (const auto& [right, ns, verb] : wanted) {
    auto body = review_body(examination, *right, ns, verb);
    const auto answer = co_await examination.api.raw(net::Method::post, path, std::move(body));
    if (!answer) {
      findings.push_back({Level::warning, "rbac",
                          "rights cannot be checked: " + base::describe(answer.error()), ""});
      co_return;
    }
    ++asked;
    if (base::bool_at(answer->root(), "status.allowed").value_or(false)) continue;
    ++missing;
    findings.push_back(
        {Level::failure, "rbac",
         fmt::format("{} may not {} {} in {}", who, verb, name_of(*right),
                     ns.empty() ? "all namespaces" : "namespace " + ns),
         fmt::format("grant it: {}; to check the controller's rights and not your own, run this in "
                     "its pod or add --as",
                     right->held_by)});
  }
  if (missing == 0) {
    findings.push_back({Level::good, "rbac", fmt::format("{} has all {} rights", who, asked), ""});
  }
}

base::Task<void> examine_digest_key(Examination& examination, Findings& findings) {
  const auto answer = co_await examination.api.get(kube::kSecrets, examination.own_namespace,
                                                   std::string(kDigestKey), kube::View::metadata);
  const auto where = fmt::format("Secret {}/{}", examination.own_namespace, kDigestKey);
  if (answer) {
    findings.push_back({Level::good, "digest key", where + " is there", ""});
  } else if (answer.error().failure == base::Failure::absent) {
    findings.push_back({Level::notice, "digest key",
                        where + " is not there: the controller makes it when it first starts",
                        "if it has run before, --own-namespace may name another namespace"});
  } else {
    findings.push_back({Level::failure, "digest key",
                        where + " cannot be read: " + base::describe(answer.error()), ""});
  }
}

base::Task<void> examine_lease(Examination& examination, Findings& findings) {
  const auto answer =
      co_await examination.api.get(kube::kLeases, examination.own_namespace, std::string(kLease));
  if (answer) {
    findings.push_back(judge_lease(answer->root(), examination.api.wall()));
  } else if (answer.error().failure == base::Failure::absent) {
    findings.push_back({Level::notice, "leader",
                        fmt::format("no Lease {}/{}: leader election is off, or no replica has "
                                    "started yet",
                                    examination.own_namespace, kLease),
                        ""});
  } else {
    findings.push_back({Level::warning, "leader", base::describe(answer.error()), ""});
  }
}

void judge_bindings(const std::vector<Reported>& bindings, Findings& findings) {
  std::size_t troubled = 0;
  for (const auto& [binding, status] : bindings) {
    const auto* const paused = status.condition("Paused");
    if (paused != nullptr) {
      const auto level = paused->status == "True" ? Level::notice : Level::warning;
      findings.push_back({level, "binding", binding.key.str() + " is " + paused->message, ""});
    }
    const auto* const ready = status.condition("Ready");
    const bool resting = paused != nullptr && ready != nullptr && ready->status == "Unknown";
    if (resting || (ready != nullptr && ready->status == "True")) continue;
    if (++troubled > kShownTroubles) continue;
    findings.push_back(
        {Level::warning, "binding",
         ready == nullptr ? binding.key.str() + " has no condition yet"
                          : fmt::format("{} is not ready: {}: {}", binding.key.str(), ready->reason,
                                        ready->message),
         ready == nullptr ? "is the controller running, and does it watch that namespace?" : ""});
  }
  if (troubled > kShownTroubles) {
    findings.push_back({Level::warning, "binding",
                        fmt::format("and {} more; see edsm status -A", troubled - kShownTroubles),
                        ""});
  }
  findings.push_back({Level::good, "binding",
                      fmt::format("{}, {} of them ready", counted(bindings.size(), "binding"),
                                  bindings.size() - troubled),
                      ""});
}

}  // namespace

Finding judge_skew(base::Duration ahead, std::string_view whose) {
  const auto seconds = std::chrono::duration<double>(ahead).count();
  const auto size = std::chrono::abs(ahead);
  if (size <= std::chrono::seconds(2)) {
    return {Level::good, "clock", fmt::format("agrees with that of {}", whose), ""};
  }
  return {Level::warning, "clock",
          fmt::format("this machine's clock is {:.0f} s {} that of {}",
                      seconds < 0 ? -seconds : seconds, seconds > 0 ? "behind" : "ahead of", whose),
          "let NTP set it: clouds refuse signatures that are minutes off"};
}

Finding judge_lease(const boost::json::value& lease, base::WallTime now) {
  const auto holder = base::string_at(lease, "spec.holderIdentity");
  const auto renewed = base::parse_rfc3339(base::string_at(lease, "spec.renewTime"));
  const auto lasts =
      std::chrono::seconds(base::int_at(lease, "spec.leaseDurationSeconds").value_or(15));
  if (holder.empty() || !renewed) {
    return {Level::warning, "leader", "the Lease is free: no replica leads",
            "look at the pods of the controller: kubectl -n NAMESPACE get pods"};
  }
  if (now - *renewed > lasts) {
    return {
        Level::failure, "leader",
        fmt::format("no replica leads: {} renewed its Lease {} ago", holder, age(now - *renewed)),
        "look at the pods of the controller and their logs"};
  }
  return {Level::good, "leader", fmt::format("{} leads", holder), ""};
}

base::Task<ClusterSeen> examine_cluster(Examination examination) {
  ClusterSeen seen;
  const auto version = co_await examination.api.raw(net::Method::get, "/version", {});
  if (!version) {
    seen.findings.push_back({Level::failure, "kubernetes", base::describe(version.error()),
                             "check the server's address and the credentials of the kubeconfig"});
    co_return seen;
  }
  seen.findings.push_back(
      {Level::good, "kubernetes",
       fmt::format("version {}", base::string_at(version->root(), "gitVersion")), ""});
  seen.findings.push_back(judge_skew(examination.api.wall() - examination.clock.wall()));
  auto definition = co_await examine_definition(examination.api);
  seen.findings.push_back(std::move(definition));
  co_await examine_rights(examination, seen.findings);
  co_await examine_digest_key(examination, seen.findings);
  co_await examine_lease(examination, seen.findings);
  auto guard = co_await examine_guard(examination.api);
  seen.findings.push_back(std::move(guard));
  auto bindings = co_await read_bindings(examination.api, examination.watched);
  if (bindings) {
    judge_bindings(*bindings, seen.findings);
    seen.bindings = std::move(*bindings);
  } else {
    seen.findings.push_back({Level::failure, "binding", base::describe(bindings.error()), ""});
  }
  co_return seen;
}

}  // namespace edsm::cli
