#include "cli/commands/doctor_definition.hpp"

#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "kube/yaml.hpp"
#include "support/sync_values.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

boost::json::value openapi(std::string_view fields) {
  return support::json(R"({"components":{"schemas":{"io.edsm.secrets.v1alpha1.EventDrivenSecret":)"
                       R"({"properties":{"spec":{"properties":{)" +
                       std::string(fields) + "}}}}}}}");
}

TEST(JudgeDefinition, EveryFieldHasToBeKnown) {
  std::string all;
  for (const auto field : kSpecFields) {
    if (field == "cloudProviderOptions") continue;
    all += (all.empty() ? "\"" : ",\"") + std::string(field) + "\":{}";
  }
  const std::string options =
      R"("cloudProviderOptions":{"properties":{"region":{},"gcpProjectID":{},)"
      R"("azureVaultURL":{},"azureTenantID":{},"roleARN":{},"externalID":{}}},)";
  EXPECT_EQ(judge_definition(openapi(options + all)).level, Level::good);
  const auto older = judge_definition(openapi(options + all.substr(0, all.rfind(','))));
  EXPECT_EQ(older.level, Level::failure);
  EXPECT_NE(older.what.find("spec.target would be dropped"), std::string::npos) << older.what;
  const auto roleless = judge_definition(
      openapi(all + R"(,"cloudProviderOptions":{"properties":{"region":{},"gcpProjectID":{},)"
                    R"("azureVaultURL":{},"azureTenantID":{}}})"));
  EXPECT_EQ(roleless.level, Level::failure);
  EXPECT_NE(roleless.what.find("spec.cloudProviderOptions.roleARN, "
                               "spec.cloudProviderOptions.externalID would be dropped"),
            std::string::npos)
      << roleless.what;
  EXPECT_EQ(judge_definition(support::json("{}")).level, Level::unknown);
}

TEST(SpecFields, AreThoseOfTheDefinitionThatWeShip) {
  const std::ifstream file("config/crd/bases/secrets.edsm.io_eventdrivensecrets.yaml");
  std::stringstream text;
  text << file.rdbuf();
  const auto crd = kube::load_yaml(text.str(), "crd");
  ASSERT_TRUE(crd);
  std::set<std::string> shipped;
  const auto schema = (*crd)["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
  for (const auto& field : schema["properties"]["spec"]["properties"])
    shipped.insert(field.first.as<std::string>());
  EXPECT_EQ(shipped, (std::set<std::string>(kSpecFields.begin(), kSpecFields.end())));
  std::set<std::string> options;
  for (const auto& field :
       schema["properties"]["spec"]["properties"]["cloudProviderOptions"]["properties"])
    options.insert(field.first.as<std::string>());
  EXPECT_EQ(options, (std::set<std::string>(kOptionFields.begin(), kOptionFields.end())));
}

}  // namespace
}  // namespace edsm::cli
