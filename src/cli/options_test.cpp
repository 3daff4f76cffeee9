#include "cli/options.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace edsm::cli {
namespace {

using namespace std::chrono_literals;
using Words = std::vector<const char*>;
using Names = std::vector<std::string>;

std::expected<Command, Ending> parse(Words words) {
  words.insert(words.begin(), "edsm");
  return parse_command_line(static_cast<int>(words.size()), words.data());
}

/// What `edsm run` makes of these words, which must be right.
RunOptions run(Words words) {
  words.insert(words.begin(), "run");
  auto command = parse(std::move(words));
  if (command) return std::get<RunOptions>(*command);
  ADD_FAILURE() << command.error().output;
  return {};
}

TEST(Options, CommandsForPeople) {
  const auto status = std::get<StatusOptions>(*parse({"status", "-A", "-o", "json", "--watch"}));
  EXPECT_TRUE(status.cluster.all_namespaces && status.watch);
  EXPECT_EQ(status.output, Output::json);
  const auto impact = std::get<ImpactOptions>(*parse({"impact", "prod/db", "-n", "shop"}));
  EXPECT_EQ(impact.secret, "prod/db");
  EXPECT_EQ(impact.cluster.namespaces, Names{"shop"});
  const auto doctor = std::get<DoctorOptions>(*parse({"doctor", "-n", "shop,mail"}));
  EXPECT_EQ(doctor.cluster.namespaces, (Names{"shop", "mail"}));
  const auto sync = std::get<SyncOptions>(*parse({"sync", "a", "shop/b", "--timeout=5s"}));
  EXPECT_EQ(sync.bindings, (std::vector<std::string>{"a", "shop/b"}));
  EXPECT_EQ(sync.timeout, 5s);
  const auto trace = std::get<TraceOptions>(*parse({"trace", "shop/db", "-o", "json"}));
  EXPECT_EQ(trace.binding, "shop/db");
  for (const auto& bad : {Words{"trace"}, Words{"trace", "-A", "db"}, Words{"impact"},
                          Words{"sync"}, Words{"status", "extra"}, Words{"status", "-o", "yaml"}}) {
    EXPECT_EQ(parse(bad).error().exit_code, 2);
  }
}

TEST(Options, MistakesEndWithTwoAndNameTheFlag) {
  struct Row {
    Words words;
    std::string_view says;
  };
  const Row rows[] = {
      {{}, "run"},
      {{"--leader-elect"}, "--leader-elect"},
      {{"walk"}, "walk"},
      {{"run", "--unknown"}, "--unknown"},
      {{"run", "stray"}, "stray"},
      {{"run", "version"}, "version"},
      {{"run", "--leader-elect=maybe"}, "--leader-elect"},
      {{"run", "--metrics-bind-address"}, "--metrics-bind-address"},
      {{"run", "--resync-interval", "30"}, "--resync-interval"},
      {{"run", "--resync-interval", "m"}, "--resync-interval"},
      {{"run", "--resync-interval", ""}, "--resync-interval"},
      {{"run", "--resync-interval", "30 parsecs"}, "--resync-interval"},
      {{"run", "--resync-interval", "-30m"}, "90s or 30m"},
      {{"run", "--resync-interval", "9s"}, "--resync-interval"},
      {{"run", "--resync-interval", ".5h"}, "90s or 30m"},
      {{"run", "--resync-interval", "nanh"}, "--resync-interval"},
      {{"run", "--resync-interval", "1e300h"}, "--resync-interval"},
      {{"run", "--rollout-window", "9999999999999999h"}, "--rollout-window"},
      {{"run", "--resync-interval", "0s"}, "--resync-interval"},
      {{"run", "--rollout-window", "-1s"}, "--rollout-window"},
      {{"run", "--rollout-rate", "0"}, "--rollout-rate"},
      {{"run", "--rollout-rate", "-1"}, "--rollout-rate"},
      {{"run", "--rollout-rate", "fast"}, "--rollout-rate"},
      {{"run", "--workers", "0"}, "--workers"},
      {{"run", "--workers", "1025"}, "--workers"},
      {{"run", "--workers", "two"}, "--workers"},
      {{"run", "--log-level", "loud"}, "loud"},
      {{"run", "--log-format", "xml"}, "--log-format"},
      {{"run", "--metrics-secure"}, "--metrics-cert-path"},
      {{"run", "--metrics-authentication", "password"}, "--metrics-authentication"},
      {{"run", "--metrics-authentication=tokenreview"}, "needs --metrics-secure"},
  };
  for (const auto& row : rows) {
    const auto options = parse(row.words);
    ASSERT_FALSE(options) << row.says;
    EXPECT_EQ(options.error().exit_code, 2) << row.says;
    EXPECT_NE(options.error().output.find(row.says), std::string::npos) << options.error().output;
    EXPECT_TRUE(options.error().output.ends_with('\n')) << row.says;
  }
}

TEST(Options, Defaults) {
  const auto options = run({});
  EXPECT_EQ(options.metrics_address, ":8080");
  EXPECT_EQ(options.health_address, ":8081");
  EXPECT_FALSE(options.leader_elect);
  EXPECT_FALSE(options.metrics_secure);
  EXPECT_FALSE(options.enable_http2);
  EXPECT_EQ(options.metrics_cert_name, "tls.crt");
  EXPECT_EQ(options.metrics_cert_key, "tls.key");
  EXPECT_EQ(options.log_level, telemetry::Level::info);
  EXPECT_TRUE(options.sync.watch_namespaces.empty());
  EXPECT_EQ(options.sync.resync_interval, base::Duration(30min));
  EXPECT_EQ(options.sync.rollout_window, base::Duration(1s));
  EXPECT_EQ(options.sync.rollouts_per_second, 20);
  EXPECT_EQ(options.sync.workers, 64U);
}

TEST(Options, FlagsInEverySpellingOfBool) {
  for (const auto* const yes : {"--leader-elect", "--leader-elect=true", "--leader-elect=1"}) {
    EXPECT_TRUE(run({yes}).leader_elect) << yes;
  }
  for (const auto* const no : {"--leader-elect=false", "--leader-elect=0"}) {
    EXPECT_FALSE(run({no}).leader_elect) << no;
  }
  EXPECT_TRUE(run({"--enable-http2"}).enable_http2);
  EXPECT_FALSE(run({"--metrics-secure=false"}).metrics_secure);
  EXPECT_FALSE(run({"--metrics-authentication=none"}).metrics_authenticate);
  EXPECT_TRUE(
      run({"--metrics-secure", "--metrics-cert-path=/c", "--metrics-authentication=tokenreview"})
          .metrics_authenticate);
}

TEST(Options, Durations) {
  const std::pair<const char*, base::Duration> rows[] = {
      {"10s", 10s},  {"10000ms", 10s}, {"1m", 1min}, {"1.5h", 90min},
      {"0.5m", 30s}, {"90 s", 90s},    {"24h", 24h}};
  for (const auto& [text, time] : rows) {
    EXPECT_EQ(run({"--resync-interval", text}).sync.resync_interval, time) << text;
  }
  EXPECT_EQ(run({"--rollout-window", "0s"}).sync.rollout_window, base::Duration(0));
  EXPECT_EQ(run({"--rollout-window=250ms"}).sync.rollout_window, base::Duration(250ms));
}

TEST(Options, TheFlagsOfEarlierReleasesAreUnderstood) {
  const auto options =
      run({"--metrics-bind-address=0", "--health-probe-bind-address=127.0.0.1:9", "--leader-elect",
           "--metrics-secure", "--metrics-cert-path=/certs", "--metrics-cert-name=c",
           "--metrics-cert-key=k", "--enable-http2=false", "--zap-log-level=debug"});
  EXPECT_EQ(options.metrics_address, "0");
  EXPECT_EQ(options.health_address, "127.0.0.1:9");
  EXPECT_TRUE(options.leader_elect);
  EXPECT_TRUE(options.metrics_secure);
  EXPECT_EQ(options.metrics_cert_path, "/certs");
  EXPECT_EQ(options.metrics_cert_name, "c");
  EXPECT_EQ(options.metrics_cert_key, "k");
  EXPECT_EQ(options.log_level, telemetry::Level::debug);
}

TEST(Options, OurOwnFlags) {
  const auto options = run({"--watch-namespace", "apps", "--namespace", "own", "--kubeconfig",
                            "file", "--context", "c", "--rollout-rate", "0.5", "--workers", "1024",
                            "--log-level", "warn", "--log-format", "json"});
  EXPECT_EQ(options.sync.watch_namespaces, Names{"apps"});
  EXPECT_EQ(options.own_namespace, "own");
  EXPECT_EQ(options.kubeconfig, "file");
  EXPECT_EQ(options.context, "c");
  EXPECT_EQ(options.sync.rollouts_per_second, 0.5);
  EXPECT_EQ(options.sync.workers, 1024U);
  EXPECT_EQ(options.log_level, telemetry::Level::warn);
  EXPECT_EQ(options.log_format, telemetry::Format::json);
  EXPECT_EQ(run({"--log-format", "text"}).log_format, telemetry::Format::text);
}

TEST(Options, AProbeMayNameABinding) {
  const auto doctor = [](const Words& words) {
    return std::get<DoctorOptions>(parse(words).value());
  };
  EXPECT_EQ(doctor({"doctor"}).tenancy, "");
  EXPECT_EQ(doctor({"doctor", "--tenancy=audit"}).tenancy, "audit");
  EXPECT_FALSE(parse({"doctor", "--tenancy=strict"}));
  EXPECT_EQ(doctor({"doctor"}).probe, std::nullopt);
  EXPECT_EQ(doctor({"doctor", "--probe"}).probe, "");
  EXPECT_EQ(doctor({"doctor", "--probe", "-o", "json"}).probe, "");
  EXPECT_EQ(doctor({"doctor", "--probe", "shop/db"}).probe, "shop/db");
  EXPECT_EQ(doctor({"doctor", "--probe=shop/db", "-n", "shop"}).probe, "shop/db");
}

TEST(Options, Tenancy) {
  EXPECT_EQ(run({}).sync.tenancy, sync::Tenancy::off);
  EXPECT_EQ(run({"--tenancy=off"}).sync.tenancy, sync::Tenancy::off);
  EXPECT_EQ(run({"--tenancy=audit"}).sync.tenancy, sync::Tenancy::audit);
  EXPECT_EQ(run({"--tenancy", "enforce"}).sync.tenancy, sync::Tenancy::enforce);
  for (const auto& bad : {Words{"run", "--tenancy=strict"}, Words{"run", "--tenancy=1"},
                          Words{"run", "--tenancy="}, Words{"run", "--tenancy"}}) {
    const auto options = parse(bad);
    ASSERT_FALSE(options) << bad.back();
    EXPECT_EQ(options.error().exit_code, 2);
    EXPECT_NE(options.error().output.find("--tenancy"), std::string::npos);
  }
}

TEST(Options, WatchedNamespacesInEverySpelling) {
  struct Row {
    Words words;
    Names names;
  };
  const Row rows[] = {
      {{}, {}},
      {{"--watch-namespace", ""}, {}},
      {{"--watch-namespace", "b", "--watch-namespace", "a"}, {"a", "b"}},
      {{"--watch-namespace=b,a,c-1"}, {"a", "b", "c-1"}},
      {{"--watch-namespace=a,a", "--watch-namespace", "a"}, {"a"}},
  };
  for (const auto& row : rows) EXPECT_EQ(run(row.words).sync.watch_namespaces, row.names);
  for (const auto* const wrong : {"A", "a_b", "-a", "a-", "a b", "a,b/c"}) {
    const auto refused = parse({"run", "--watch-namespace", wrong});
    ASSERT_FALSE(refused) << wrong;
    EXPECT_NE(refused.error().output.find("no name of a namespace"), std::string::npos) << wrong;
  }
}

TEST(Options, HelpAndVersionEndWithZero) {
  struct Row {
    Words words;
    std::string_view says;
  };
  const Row rows[] = {
      {{"--help"}, "run"},
      {{"run", "--help"}, "--resync-interval"},
      {{"run", "--help"}, "--zap-log-level"},
      {{"run", "--help"}, "SQS_QUEUE_URL"},
      {{"version"}, EDSM_VERSION},
      {{"version"}, "libcurl"},
      {{"run", "--help-markdown"}, "| flag | meaning | default |"},
      {{"run", "--help-markdown"}, "`SQS_QUEUE_URL`"},
  };
  for (const auto& row : rows) {
    const auto options = parse(row.words);
    ASSERT_FALSE(options) << row.says;
    EXPECT_EQ(options.error().exit_code, 0) << row.says;
    EXPECT_NE(options.error().output.find(row.says), std::string::npos) << options.error().output;
  }
  EXPECT_EQ(parse({"run", "--help"}).error().output.find("--help-markdown"), std::string::npos);
}

}  // namespace
}  // namespace edsm::cli
