#include "cli/completion.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/options.hpp"

namespace edsm::cli {
namespace {

/// What is offered for the last of these words, without what it means.
std::vector<std::string> offered(std::vector<const char*> words) {
  words.insert(words.begin(), {"edsm", "__complete"});
  const auto ending = parse_command_line(static_cast<int>(words.size()), words.data());
  EXPECT_FALSE(ending);
  EXPECT_EQ(ending.error().exit_code, 0);
  std::vector<std::string> lines;
  std::string_view rest = ending.error().output;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    lines.emplace_back(line.substr(0, line.find('\t')));
    rest.remove_prefix(line.size() + 1);
  }
  return lines;
}

TEST(Completion, OffersWhatFitsTheWordThatIsWritten) {
  struct Row {
    std::vector<const char*> words;
    std::vector<std::string> offers;
  };
  const Row rows[] = {
      {{}, {":4"}},
      {{"sta"}, {"status", ":4"}},
      {{"status", "--wa"}, {"--watch", ":4"}},
      {{"status", "--o"}, {"--output", ":4"}},
      {{"status", "-o", ""}, {"table", "json", ":4"}},
      {{"status", "--output", "j"}, {"json", ":4"}},
      {{"status", "--output=j"}, {"--output=json", ":4"}},
      {{"status", "--kubeconfig", "x"}, {":0"}},
      {{"status", "--kubeconfig=x"}, {":0"}},
      {{"status", "--kubeconfig", "f", "-w", "--al"}, {"--all-namespaces", ":4"}},
      {{"status", "-n", "status"}, {":4"}},
      {{"status", ""}, {":4"}},
      {{"status", "--", "-"}, {":4"}},
      {{"impact", "a-secret", "--n"}, {"--namespace", ":4"}},
      {{"run", "--log-f"}, {"--log-format", ":4"}},
      {{"run", "--zap-log-level=w"}, {"--zap-log-level=warn", ":4"}},
      {{"run", "--help-m"}, {":4"}},
      {{"run", "--metrics-cert-path", ""}, {":0"}},
      {{"run", "--leader-elect", "--log-format", "t"}, {"text", ":4"}},
      {{"completion", ""}, {"bash", "zsh", "fish", ":4"}},
      {{"completion", "bash", ""}, {":4"}},
      {{"nothing", "--unknown", "--he"}, {"--help", ":4"}},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(offered(row.words), row.offers) << ::testing::PrintToString(row.words);
  }
}

TEST(Completion, EveryCommandAndFlagIsOfferedWithItsMeaning) {
  const char* const words[] = {"edsm", "__complete", "status", "--namesp"};
  EXPECT_EQ(parse_command_line(4, words).error().output,
            "--namespace\tLook at this namespace, or at several, separated by commas\n:4\n");
  const auto commands = offered({""});
  EXPECT_EQ(commands.front(), "run");
  EXPECT_EQ(commands[commands.size() - 2], "version");
}

TEST(Completion, KubectlAsksByTheNameOfTheProgram) {
  const char* const words[] = {"/bin/kubectl_complete-edsm", "sy"};
  EXPECT_TRUE(parse_command_line(2, words).error().output.starts_with("sync\t"));
}

TEST(Completion, ThereIsAScriptForEachShell) {
  for (const auto* const shell : {"bash", "zsh", "fish"}) {
    const char* const words[] = {"edsm", "completion", shell};
    const auto ending = parse_command_line(3, words);
    EXPECT_EQ(ending.error().exit_code, 0);
    EXPECT_NE(ending.error().output.find("__complete"), std::string::npos);
    EXPECT_NE(std::string(kShells).find(shell), std::string::npos);
  }
  const char* const words[] = {"edsm", "completion", "tcsh"};
  const auto ending = parse_command_line(3, words);
  EXPECT_EQ(ending.error().exit_code, 2);
  EXPECT_NE(ending.error().output.find("bash|zsh|fish"), std::string::npos);
}

TEST(Completion, HelpShowsTheCommandAsKubectlUsersCallIt) {
  const char* const plugin[] = {"/usr/local/bin/kubectl-edsm", "status", "--help"};
  EXPECT_NE(parse_command_line(3, plugin).error().output.find("Usage: kubectl edsm status "),
            std::string::npos);
  const char* const program[] = {"/usr/local/bin/edsm", "--help"};
  EXPECT_NE(parse_command_line(2, program).error().output.find("Usage: edsm "), std::string::npos);
}

}  // namespace
}  // namespace edsm::cli
