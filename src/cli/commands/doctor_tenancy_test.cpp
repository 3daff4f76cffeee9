#include "cli/commands/doctor_tenancy.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

TEST(RunsWithTenancy, Table) {
  const std::pair<std::string_view, bool> rows[] = {
      {R"([{"args":["run","--leader-elect","--tenancy=enforce"]}])", true},
      {R"([{"args":["run","--tenancy=audit","--workers=8"]}])", true},
      {R"([{"args":["run","--tenancy","audit"]}])", true},
      {R"([{"command":["/edsm","run"],"args":["--tenancy=enforce"]}])", true},
      {R"([{"args":["sidecar"]},{"args":["run","--tenancy=enforce"]}])", true},
      {R"([{"args":["run","--tenancy=off"]}])", false},
      {R"([{"args":["run","--tenancy=enforce","--tenancy=off"]}])", false},
      {R"([{"args":["run"]}])", false},
      {R"([{"args":["run","--tenancy"]}])", false},
      {R"([{"args":["other","--tenancy=enforce"]}])", false},
      {R"([{}])", false},
      {"[]", false},
  };
  for (const auto& [containers, on] : rows) {
    const auto deployment = support::json(
        fmt::format(R"({{"spec":{{"template":{{"spec":{{"containers":{}}}}}}}}})", containers));
    EXPECT_EQ(runs_with_tenancy(deployment), on) << containers;
  }
  EXPECT_FALSE(runs_with_tenancy(support::json("{}")));
}

}  // namespace
}  // namespace edsm::cli
