// Objects of the API server, each decoded as all that it could be.
#include "base/json.hpp"
#include "kube/leader.hpp"
#include "kube/lease_machine.hpp"
#include "support/sync_values.hpp"
#include "sync/access_rules.hpp"
#include "sync/binding.hpp"
#include "sync/status.hpp"
#include "sync/target.hpp"
#include "sync/workload.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

constexpr base::Instant now{std::chrono::hours(1)};

void check_binding(const boost::json::value& object) {
  const auto binding = sync::decode_binding(object);
  must(!binding.shape.raw_key.empty() && !binding.shape.type.empty(), "defaults are filled in");
  const sync::Report report{sync::Report::State::retrying, "Reason", binding.query->path};
  const auto status = sync::wished_status(binding, report, {}, base::WallTime());
  must(status.conditions.size() == 3, "every condition is reported");
  must(base::JsonDocument::parse(sync::status_patch(binding, status).view()).has_value(),
       "a status is JSON, wherever its message was cut");
}

void check_policy(const boost::json::value& object) {
  const auto policy = sync::decode_access_policy(object);
  sync::AccessRules rules;
  rules.policies.put(policy.name, policy);
  rules.namespaces.put("ns", sync::decode_labels(object));
  for (const auto* const ns : {"ns", "unseen"}) {
    const sync::AccessRequest request{ns, "aws", {"eu-west-1", "", {"prod/db"}}};
    const auto verdict = rules.judge(request);
    const bool fits = policy.obstacle(request).empty();
    must(fits || verdict.kind == sync::Verdict::Kind::refused, "nothing else permits");
    must(!fits || (policy.provider == "aws" && !policy.paths.empty()), "a policy says what for");
    must(verdict.why.empty() == (verdict.kind != sync::Verdict::Kind::refused), "refusals say why");
  }
}

void check_lease(const boost::json::value& object) {
  kube::LeaseSettings settings;
  settings.name = "edsm";
  settings.identity = "me";
  const auto record = kube::LeaseRecord::decode(object);
  const auto again = base::JsonDocument::parse(record.encode(settings).view());
  must(again.has_value(), "a Lease is written as JSON");
  must(kube::LeaseRecord::decode(again->root()).same_claim(record), "a claim survives");

  kube::LeaseMachine machine(settings);
  using Step = kube::LeaseMachine::Step;
  must(machine.begin(now, base::WallTime()) == Step::get, "an unknown lease is read first");
  if (machine.read(record, now, base::WallTime()) == Step::replace) {
    must(machine.proposal().holder == "me", "we claim it for us");
    must(machine.proposal().duration_seconds == 15, "a claim is ours in all");
  }
  machine.next_round(now, 7);
}

}  // namespace

void one_input(std::string_view bytes) {
  const auto document = base::JsonDocument::parse(bytes);
  if (!document) return;
  const auto& object = document->root();
  check_binding(object);
  check_policy(object);
  check_lease(object);
  sync::decode_workload(object, kube::kDeployments);
  const auto digester = support::digester();
  for (const bool merge : {false, true}) {
    const auto found = sync::inspect(object, digester, merge, "edsm");
    must(digester.knows(found.actual_digest), "whatever is there has a digest");
    must(found.last_writer != "edsm", "nobody is told of our own writes");
  }
}

}  // namespace edsm::fuzz
