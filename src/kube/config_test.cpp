#include "kube/config.hpp"

#include <map>

#include <gtest/gtest.h>

#include "kube/incluster.hpp"
#include "support/scratch_folder.hpp"

namespace edsm::kube {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  Getenv environment() {
    return [this](std::string_view name) -> std::optional<std::string> {
      const auto found = variables.find(std::string(name));
      if (found == variables.end()) return std::nullopt;
      return found->second;
    };
  }
  std::string kubeconfig(std::string_view name, const std::string& host) {
    return folder.write(name,
                        "current-context: c\ncontexts: [{name: c, context: {cluster: k}}]\n"
                        "clusters: [{name: k, cluster: {server: \"https://" +
                            host + "\"}}]\n");
  }
  void pod(std::string host = "10.0.0.1") {
    variables["KUBERNETES_SERVICE_HOST"] = std::move(host);
    variables["KUBERNETES_SERVICE_PORT"] = "443";
  }

  std::map<std::string, std::string> variables;
  support::ScratchFolder folder;
};

TEST_F(ConfigTest, NothingToFind) {
  variables["HOME"] = folder.path("");
  const auto config = load_config(environment());
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().code, "NoConfiguration");
  for (const std::string_view looked_for :
       {"KUBECONFIG", "KUBERNETES_SERVICE_HOST", ".kube/config"}) {
    EXPECT_TRUE(config.error().text.contains(looked_for)) << config.error().text;
  }
  variables.clear();
  EXPECT_TRUE(load_config(environment()).error().text.contains("HOME is not set"));
}

TEST_F(ConfigTest, ExplicitPathBeatsAll) {
  pod();
  variables["KUBECONFIG"] = kubeconfig("env", "env");
  EXPECT_EQ(load_config(environment(), kubeconfig("flag", "flag"))->server, "https://flag");
  EXPECT_FALSE(load_config(environment(), folder.path("gone"))) << "no silent fall-back";
}

TEST_F(ConfigTest, ListOfFiles) {
  pod();
  const std::string a = kubeconfig("a", "a");
  const std::string b = kubeconfig("b", "b");
  variables["KUBECONFIG"] = ":" + folder.path("gone") + ":" + b + ":" + a + ":" + b;
  EXPECT_EQ(load_config(environment())->server, "https://b");
  variables["KUBECONFIG"] = folder.path("gone");
  const auto config = load_config(environment());
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().text.contains("none of the files in KUBECONFIG"));
}

TEST_F(ConfigTest, HomeIsLast) {
  variables["HOME"] = folder.path("home");
  kubeconfig("home/.kube/config", "home");
  EXPECT_EQ(load_config(environment())->server, "https://home");
  pod();
  EXPECT_FALSE(load_config(environment())) << "a pod without its files is an error, not this file";
}

TEST_F(ConfigTest, InCluster) {
  folder.write("sa/token", "T");
  folder.write("sa/ca.crt", "CA");
  pod();
  auto config = read_in_cluster(environment(), folder.path("sa"));
  ASSERT_TRUE(config) << config.error().text;
  EXPECT_EQ(config->server, "https://10.0.0.1:443");
  EXPECT_EQ(config->transport.ca_pem, "CA");
  EXPECT_EQ(config->token_file, folder.path("sa/token"));
  EXPECT_EQ(config->ns, "default");
  EXPECT_EQ(config->source, "in-cluster");
  folder.write("sa/namespace", "edsm\n");
  pod("fd00::1");
  config = read_in_cluster(environment(), folder.path("sa"));
  EXPECT_EQ(config->server, "https://[fd00::1]:443");
  EXPECT_EQ(config->ns, "edsm");
}

TEST_F(ConfigTest, InClusterWithoutItsFiles) {
  pod();
  auto config = read_in_cluster(environment(), folder.path("sa"));
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().text.contains("automountServiceAccountToken"));
  folder.write("sa/token", "T");
  config = read_in_cluster(environment(), folder.path("sa"));
  ASSERT_FALSE(config);
  EXPECT_TRUE(config.error().text.contains("ca.crt"));
}

TEST_F(ConfigTest, BothVariablesMakeAPod) {
  EXPECT_FALSE(in_cluster(environment()));
  pod();
  EXPECT_TRUE(in_cluster(environment()));
  variables["KUBERNETES_SERVICE_PORT"] = "";
  EXPECT_FALSE(in_cluster(environment()));
}

}  // namespace
}  // namespace edsm::kube
