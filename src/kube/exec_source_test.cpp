#include "kube/exec_source.hpp"

#include <deque>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <gtest/gtest.h>

#include "base/time.hpp"
#include "kube/test_support.hpp"

namespace edsm::kube {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

std::string credential(std::string_view token, std::string_view expiry = "") {
  std::string text =
      R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":")";
  text.append(token).append("\"");
  if (!expiry.empty()) text.append(R"(,"expirationTimestamp":")").append(expiry).append("\"");
  return text + "}}";
}

class ScriptedRunner final : public base::ProcessRunner {
 public:
  base::Task<base::Result<base::SecretBytes>> run(base::Command command) override {
    commands.push_back(std::move(command));
    if (clock != nullptr) co_await clock->sleep_for(takes);
    if (outputs.empty()) co_return base::fail(base::Failure::credentials, "ExecPlugin", "failed");
    base::SecretBytes output(outputs.front());
    outputs.pop_front();
    co_return output;
  }

  std::deque<std::string> outputs;
  std::vector<base::Command> commands;
  base::Clock* clock = nullptr;
  base::Duration takes{};
};

class ExecSourceTest : public ::testing::Test {
 protected:
  ExecSourceTest() {
    ExecPlugin plugin;
    plugin.api_version = "client.authentication.k8s.io/v1";
    plugin.command = "helper";
    plugin.args = {"get"};
    plugin.env = {{"X", "y"}};
    plugin.install_hint = "install helper from example.com";
    source.emplace(plugin, runner, bench.clock);
  }
  /// The token, or "!" and the error's text.
  std::string token() {
    const auto got = bench.run(source->get());
    if (!got) return "!" + got.error().text;
    return std::string((*got)->token.view());
  }
  std::string in(base::Duration time) { return base::rfc3339(bench.clock.wall() + time); }

  test::Bench bench{false};
  ScriptedRunner runner;
  std::optional<ExecSource> source;
};

TEST_F(ExecSourceTest, RunsOnceWithoutExpiry) {
  runner.outputs = {credential("a")};
  EXPECT_EQ(token(), "a");
  bench.clock.advance(std::chrono::hours(1000));
  EXPECT_EQ(token(), "a");
  ASSERT_EQ(runner.commands.size(), 1U);
  const base::Command& command = runner.commands[0];
  EXPECT_EQ(command.program, "helper");
  EXPECT_EQ(command.args, (std::vector<std::string>{"get"}));
  ASSERT_EQ(command.env.size(), 2U);
  EXPECT_EQ(command.env[1].first, "KUBERNETES_EXEC_INFO");
  EXPECT_EQ(command.time_limit, seconds(60));
}

TEST_F(ExecSourceTest, FailureIsSaidWithTheHintAndNotRepeatedHotly) {
  EXPECT_TRUE(token().ends_with("install helper from example.com"));
  token();
  bench.clock.advance(seconds(4));
  token();
  EXPECT_EQ(runner.commands.size(), 1U);
  bench.clock.advance(seconds(1));
  runner.outputs = {credential("a")};
  EXPECT_EQ(token(), "a");
}

TEST_F(ExecSourceTest, NonsenseNamesThePlugin) {
  runner.outputs = {"nonsense"};
  EXPECT_TRUE(token().starts_with("!exec plugin helper: its output is not JSON"));
}

TEST_F(ExecSourceTest, RefreshesAMinuteEarly) {
  runner.outputs = {credential("a", in(minutes(10))), credential("b", in(minutes(20)))};
  EXPECT_EQ(token(), "a");
  bench.clock.advance(minutes(9) - seconds(1));
  EXPECT_EQ(token(), "a");
  bench.clock.advance(seconds(1));
  EXPECT_EQ(token(), "b");
}

TEST_F(ExecSourceTest, TheOldOneServesWhileRefreshingFails) {
  runner.outputs = {credential("a", in(minutes(10)))};
  token();
  bench.clock.advance(minutes(9) + seconds(30));
  EXPECT_EQ(token(), "a");
  EXPECT_EQ(runner.commands.size(), 2U);
  bench.clock.advance(seconds(30));
  EXPECT_TRUE(token().starts_with("!")) << "expired is expired";
}

TEST_F(ExecSourceTest, ShortLivedOnesAreNotRefreshedAtEachCall) {
  runner.outputs = {credential("a", in(seconds(20))), credential("b")};
  EXPECT_EQ(token(), "a");
  bench.clock.advance(seconds(14));
  EXPECT_EQ(token(), "a");
  bench.clock.advance(seconds(1));
  EXPECT_EQ(token(), "b");
}

TEST_F(ExecSourceTest, ExpiredOnArrival) {
  runner.outputs = {credential("a", in(-minutes(1))), credential("b")};
  EXPECT_EQ(token(), "a") << "the best there is";
  EXPECT_EQ(token(), "a") << "not hotly";
  bench.clock.advance(seconds(5));
  EXPECT_EQ(token(), "b");
}

TEST_F(ExecSourceTest, RejectionRunsItAgain) {
  runner.outputs = {credential("a"), credential("b")};
  token();
  bench.clock.advance(minutes(1));
  source->rejected(bench.clock.now());
  EXPECT_EQ(token(), "b");
  EXPECT_EQ(source->generation(), 2U);
}

TEST_F(ExecSourceTest, RejectionOfAnOlderOneIsIgnored) {
  runner.outputs = {credential("a"), credential("b")};
  const auto before = bench.clock.now();
  bench.clock.advance(minutes(1));
  token();
  source->rejected(before);
  bench.clock.advance(minutes(1));
  EXPECT_EQ(token(), "a");
}

TEST_F(ExecSourceTest, RejectionsInARowAreBounded) {
  runner.outputs = {credential("a"), credential("b")};
  token();
  source->rejected(bench.clock.now());
  EXPECT_EQ(token(), "a") << "it ran just now";
  bench.clock.advance(seconds(5));
  EXPECT_EQ(token(), "b");
}

base::Task<void> collect(ExecSource& source, std::vector<std::string>& tokens) {
  const auto got = co_await source.get();
  tokens.emplace_back(got ? (*got)->token.view() : "!");
}

TEST_F(ExecSourceTest, ManyWaitForOneRun) {
  runner.clock = &bench.clock;
  runner.takes = seconds(2);
  for (const bool works : {false, true}) {
    runner.commands.clear();
    std::vector<std::string> tokens;
    if (works) runner.outputs = {credential("a")};
    for (int i = 0; i < 5; ++i) {
      boost::asio::co_spawn(bench.context, collect(*source, tokens), boost::asio::detached);
    }
    bench.context.restart();
    bench.context.poll();
    bench.clock.advance(seconds(2));
    bench.context.restart();
    bench.context.poll();
    EXPECT_EQ(runner.commands.size(), 1U);
    EXPECT_EQ(tokens, std::vector<std::string>(5, works ? "a" : "!"));
    bench.clock.advance(seconds(5));
  }
}

TEST_F(ExecSourceTest, ACancelledRunLetsTheNextOneRun) {
  runner.clock = &bench.clock;
  runner.takes = seconds(2);
  runner.outputs = {credential("a")};
  std::vector<std::string> tokens;
  boost::asio::cancellation_signal cancel;
  boost::asio::co_spawn(bench.context, collect(*source, tokens),
                        boost::asio::bind_cancellation_slot(cancel.slot(), boost::asio::detached));
  boost::asio::co_spawn(bench.context, collect(*source, tokens), boost::asio::detached);
  bench.context.poll();
  cancel.emit(boost::asio::cancellation_type::terminal);
  bench.context.restart();
  bench.context.poll();
  EXPECT_EQ(runner.commands.size(), 2U);
  bench.clock.advance(seconds(2));
  bench.context.restart();
  bench.context.poll();
  EXPECT_EQ(tokens, std::vector<std::string>{"a"});
}

}  // namespace
}  // namespace edsm::kube
