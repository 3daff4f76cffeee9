#include "cli/commands/migrate.hpp"

#include <fmt/format.h>

#include "cli/commands/manifests.hpp"
#include "cli/commands/migration.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {
namespace {

constexpr int kBadInput = 2;

int print(const Migration& migration, bool strict) {
  fmt::print("{}", migration.text);
  if (migration.text.empty()) {
    complain("there is nothing to migrate: no ExternalSecret and no annotation of Reloader");
    return 1;
  }
  complain(fmt::format("{}; {} with annotation; {} that cannot be carried over{}",
                       counted(migration.made, "EventDrivenSecret"),
                       counted(migration.workloads, "workload"), counted(migration.lost, "thing"),
                       migration.lost == 0 ? "" : ": see the comments \"lost\""));
  return strict && migration.lost != 0 ? 1 : 0;
}

base::Task<int> migrate_cluster(ClusterAccess access, bool strict) {
  const auto manifests = co_await list_manifests(access);
  if (!manifests) {
    complain(base::describe(manifests.error()));
    co_return kBadInput;
  }
  co_return print(migrate(manifests->found, "", manifests->secrets_known), strict);
}

}  // namespace

int run_migrate(const MigrateOptions& options) {
  if (options.files.empty()) {
    return with_cluster(options.cluster, [&](ClusterAccess access) {
      return migrate_cluster(std::move(access), options.strict);
    });
  }
  const auto manifests = read_manifests(options.files);
  if (!manifests) {
    complain(base::describe(manifests.error()));
    return kBadInput;
  }
  const auto& named = options.cluster.namespaces;
  return print(migrate(*manifests, named.empty() ? "" : named.front(), true), options.strict);
}

}  // namespace edsm::cli
