#include "cli/commands/impact.hpp"

#include <set>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "cli/commands/secret_match.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

struct Use {
  const sync::Binding* binding;
  const Consumer* consumer;  ///< null: nobody names the target
};

std::vector<Use> uses_of(const Estate& estate, const std::string& secret) {
  std::vector<Use> uses;
  for (const auto& [binding, status] : estate.bindings) {
    if (!may_mean(binding.provider, *binding.query, secret)) continue;
    const auto users = estate.users_of(binding);
    if (users.empty()) uses.push_back({&binding, nullptr});
    for (const auto* const user : users) uses.push_back({&binding, user});
  }
  return uses;
}

std::string kind_and_name(const sync::Workload& workload) {
  return fmt::format("{}/{}", workload.resource.kind, workload.key.name);
}

std::string as_table(const std::vector<Use>& uses, const std::string& secret, std::size_t width) {
  std::vector<Row> rows;
  std::set<base::ObjectKey> bindings;
  std::set<base::Text> namespaces;
  std::set<std::string> workloads;
  std::int64_t pods = 0;
  for (const auto& [binding, consumer] : uses) {
    bindings.insert(binding->key);
    namespaces.insert(binding->key.ns);
    Row row{binding->key.ns.str(), binding->key.name.str(), binding->target.name.str(), "", "", ""};
    if (consumer != nullptr) {
      row[3] = kind_and_name(consumer->workload);
      row[4] = std::to_string(consumer->pods);
      if (consumer->paused) row[5] = "paused: restarts when it is resumed";
      // One that uses two targets of the secret restarts once.
      if (workloads.insert(consumer->workload.id()).second) pods += consumer->pods;
    }
    rows.push_back(std::move(row));
  }
  return fmt::format("A new value of {} changes {} in {} and restarts {} with {}.\n\n", secret,
                     counted(bindings.size(), "Secret"), counted(namespaces.size(), "namespace"),
                     counted(workloads.size(), "workload"),
                     counted(static_cast<std::size_t>(pods), "pod")) +
         table({"NAMESPACE", "BINDING", "SECRET", "WORKLOAD", "PODS", "NOTE"}, rows,
               {width, {"SECRET"}, true});
}

std::string as_json(const std::vector<Use>& uses) {
  boost::json::array list;
  for (const auto& [binding, consumer] : uses) {
    boost::json::object item;
    item["namespace"] = binding->key.ns.view();
    item["binding"] = binding->key.name.view();
    item["secret"] = binding->target.name.view();
    if (consumer != nullptr) {
      item["workload"] = kind_and_name(consumer->workload);
      item["pods"] = consumer->pods;
      item["paused"] = consumer->paused;
    }
    list.push_back(std::move(item));
  }
  return boost::json::serialize(list) + "\n";
}

base::Task<int> impact(ClusterAccess access, std::string secret, Output output) {
  auto estate = co_await read_estate(access.api, access.namespaces);
  if (!estate) {
    complain(base::describe(estate.error()));
    co_return 1;
  }
  fmt::print("{}", show_impact(*estate, secret, output, terminal_width()));
  co_return uses_of(*estate, secret).empty() ? 1 : 0;
}

}  // namespace

std::string show_impact(const Estate& estate, const std::string& secret, Output output,
                        std::size_t width) {
  const auto uses = uses_of(estate, secret);
  if (output == Output::json) return as_json(uses);
  if (uses.empty()) return fmt::format("no EventDrivenSecret here reads {}\n", secret);
  return as_table(uses, secret, width);
}

int run_impact(const ImpactOptions& options) {
  return with_cluster(options.cluster, [&](ClusterAccess access) {
    return impact(std::move(access), options.secret, options.output);
  });
}

}  // namespace edsm::cli
