#include "cli/environment.hpp"

#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

TEST(Environment, UnsetAndEmptyAreTheSame) {
  constexpr const char* name = "EDSM_TEST_VARIABLE";
  ::unsetenv(name);
  EXPECT_EQ(environment(name), std::nullopt);
  ::setenv(name, "", 1);
  EXPECT_EQ(environment(name), std::nullopt);
  ::setenv(name, " x ", 1);
  EXPECT_EQ(environment(name), " x ");
  EXPECT_EQ(environment("EDSM_TEST_VARIABLE_"), std::nullopt);
  ::unsetenv(name);
}

TEST(Environment, HelpNamesWhatExistingUsersSet) {
  const auto help = environment_help();
  for (const auto* const name :
       {"SQS_QUEUE_URL", "AWS_ENDPOINT", "AWS_REGION", "AWS_ROLE_ARN", "KUBECONFIG",
        "AWS_CONTAINER_CREDENTIALS_FULL_URI", "POD_NAMESPACE", "HTTPS_PROXY"}) {
    EXPECT_NE(help.find(name), std::string::npos) << name;
  }
}

TEST(Environment, MarkdownIsATableWithEachNameInCode) {
  const auto page = environment_markdown();
  EXPECT_TRUE(page.starts_with("| environment variable | meaning |\n|---|---|\n"));
  EXPECT_NE(page.find("| `AWS_REGION` `AWS_DEFAULT_REGION` | Region"), std::string::npos) << page;
  for (std::size_t at = 0; at < page.size();) {
    const auto end = page.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    const auto line = page.substr(at, end - at);
    EXPECT_TRUE(line.starts_with("|") && line.ends_with("|")) << line;
    at = end + 1;
  }
}

}  // namespace
}  // namespace edsm::cli
