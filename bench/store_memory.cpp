// What the stores cost for each binding in sync: one cloud secret, one target and, if asked for,
// one workload. Not built by default: ninja -C build/release store-memory
//
//     store-memory [BINDINGS [WORKLOADS]]
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <malloc.h>

#include "base/json.hpp"
#include "sync/binding_store.hpp"
#include "sync/target.hpp"
#include "sync/workload.hpp"
#include "telemetry/process.hpp"

namespace edsm {
namespace {

/// Names as the cloud of AWS makes them.
class Provider final : public cloud::Provider {
 public:
  std::string_view name() const override { return "aws"; }
  base::Result<cloud::Source> resolve(const cloud::SecretQuery& query) const override {
    const std::string scope = "aws/" + query.options.at("region");
    return cloud::Source{scope + "/" + query.path, scope};
  }
  std::vector<std::string> match_keys(const cloud::Source& source) const override {
    return {fmt::format("aws/*/*/{}", source.path()),
            fmt::format("aws/eu-west-1/*/{}", source.path())};
  }
  cloud::Place place(const cloud::Source&) const override { std::abort(); }
  std::size_t batch_limit() const override { return 20; }
  base::Task<std::vector<base::Result<cloud::Value>>> fetch(std::vector<cloud::Source>) override {
    std::abort();
  }
  base::Task<std::vector<base::Result<std::string>>> versions(std::vector<cloud::Source>) override {
    std::abort();
  }
};

std::string uuid(std::size_t number, int kind) {
  const auto word =
      std::hash<std::size_t>()(number * 8 + static_cast<unsigned>(kind)) * 0x9E3779B97F4A7C15U;
  return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", word >> 32, word >> 16 & 0xFFFF,
                     word & 0xFFF, number & 0xFFF, number * 7919 + static_cast<unsigned>(kind));
}

struct Names {
  explicit Names(std::size_t number_)
      : number(number_),
        ns(fmt::format("team-{:03}", number % 100)),
        binding(fmt::format("credentials-{:06}", number)),
        digest(fmt::format("k{:07x}:{:064x}", 0x5eed, number * 0x9E3779B97F4A7C15U)),
        version(uuid(number, 1)),
        resource_version(std::to_string(1'000'000 + number * 3)),
        source(fmt::format("prod/team-{:03}/credentials-{:06}", number % 100, number)),
        changed_at(fmt::format("2026-11-27T10:{:02}:{:02}.{:06}Z", number / 60 % 60, number % 60,
                               number * 7919 % 1'000'000)) {}

  std::size_t number;
  std::string ns, binding, digest, version, resource_version, source, changed_at;
};

std::string binding_json(const Names& names) {
  const auto condition = [&](std::string_view type, std::string_view status) {
    return fmt::format(
        R"({{"type":"{}","status":"{}","reason":"Synced","message":"Secret {}/{} holds version {} of aws/eu-west-1/{}","lastTransitionTime":"2026-11-27T10:{:02}:00Z","observedGeneration":1}})",
        type, status, names.ns, names.binding, names.version, names.source, names.number / 60 % 60);
  };
  return fmt::format(
      R"({{"apiVersion":"secrets.edsm.io/v1alpha1","kind":"EventDrivenSecret","metadata":{{"namespace":"{0}","name":"{1}","uid":"{2}","generation":1,"resourceVersion":"{3}","creationTimestamp":"2026-11-27T10:00:00Z"}},)"
      R"("spec":{{"cloudProvider":"aws","cloudProviderOptions":{{"region":"eu-west-1"}},"secretPath":"{4}","targetSecretName":"{1}","format":"Auto","rawKey":"value","target":{{"type":"Opaque","creationPolicy":"Owner","deletionPolicy":"Retain"}}}},)"
      R"("status":{{"observedGeneration":1,"lastAppliedSecretHash":"{5}","syncedVersion":"{6}","targetResourceVersion":"{3}","lastSyncedTime":"2026-11-27T10:00:00Z","lastChangedTime":"{10}","reason":"Synced","message":"Secret {0}/{1} holds version {6} of aws/eu-west-1/{4}","conditions":[{7},{8},{9}]}}}})",
      names.ns, names.binding, uuid(names.number, 2), names.resource_version, names.source,
      names.digest, names.version, condition("Ready", "True"), condition("Synced", "True"),
      condition("Stalled", "False"), names.changed_at);
}

std::string target_json(const Names& names) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"{0}","name":"{1}","uid":"{2}","resourceVersion":"{3}","creationTimestamp":"2026-11-27T10:00:00Z","labels":{{"eventdrivensecretsmanaged":"true"}},"annotations":{{"secrets.edsm.io/version":"{4}","secrets.edsm.io/digest":"{5}","secrets.edsm.io/changed-at":"{6}","secrets.edsm.io/source":"aws/eu-west-1/{7}","secrets.edsm.io/binding":"{0}/{1}"}},"ownerReferences":[{{"apiVersion":"secrets.edsm.io/v1alpha1","kind":"EventDrivenSecret","name":"{1}","uid":"{8}","controller":true}}]}}}})",
      names.ns, names.binding, uuid(names.number, 3), names.resource_version, names.version,
      names.digest, names.changed_at, names.source, uuid(names.number, 2));
}

std::string workload_json(const Names& names) {
  return fmt::format(
      R"({{"metadata":{{"namespace":"{0}","name":"shop-{1}","uid":"{2}","resourceVersion":"{3}","creationTimestamp":"2026-11-27T10:00:00Z","annotations":{{"eventdrivensecretsmanaged":"[\"{4}\"]","secrets.edsm.io/rolled-out":"{{\"{4}\":{{\"digest\":\"{5}\",\"changedAt\":\"{6}\"}}}}"}}}}}})",
      names.ns, names.number, uuid(names.number, 4), names.resource_version, names.binding,
      names.digest, names.changed_at);
}

/// Calls `put` for each and says what that cost.
void fill(std::string_view what, std::size_t count, const std::function<void(const Names&)>& put) {
  if (count == 0) return;
  const auto used = [] {
    ::malloc_trim(0);
    return telemetry::read_process().value().stats.resident_bytes;
  };
  const auto before = used();
  for (std::size_t number = 0; number < count; ++number) put(Names(number));
  fmt::print("{:>8} {:10} {:6} bytes each\n", count, what,
             static_cast<std::size_t>(used() - before) / count);
}

int run(std::size_t bindings, std::size_t workloads) {
  Provider aws;
  const sync::Providers providers = {{"aws", &aws}};
  sync::BindingStore binding_store(providers);
  sync::TargetStore target_store;
  sync::WorkloadStore workload_store;
  fill("bindings", bindings, [&](const Names& names) {
    binding_store.put(sync::decode_binding(base::JsonDocument::parse(binding_json(names))->root()));
  });
  fill("targets", bindings, [&](const Names& names) {
    target_store.put(sync::decode_target(base::JsonDocument::parse(target_json(names))->root()));
  });
  fill("workloads", workloads, [&](const Names& names) {
    const auto document = base::JsonDocument::parse(workload_json(names));
    workload_store.put(*sync::decode_workload(document->root(), kube::kDeployments));
  });
  fmt::print("{:>8} {:10} {:6} bytes\n", 1, "state", sizeof(sync::BindingState));
  return 0;
}

}  // namespace
}  // namespace edsm

int main(int argc, char** argv) {
  const auto number = [&](int index, std::size_t otherwise) {
    return argc > index ? std::strtoul(argv[index], nullptr, 10) : otherwise;
  };
  return edsm::run(number(1, 10'000), number(2, 0));
}
