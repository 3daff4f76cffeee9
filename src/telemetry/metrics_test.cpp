#include "telemetry/metrics.hpp"

#include <gtest/gtest.h>

#include "telemetry/process.hpp"
#include "telemetry/target_metrics.hpp"

namespace edsm::telemetry {
namespace {

using namespace std::chrono_literals;

bool has_line(const std::string& page, std::string_view line) {
  return ("\n" + page).contains("\n" + std::string(line) + "\n");
}

std::size_t count(const std::string& page, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = page.find(part); at != std::string::npos; at = page.find(part, at + 1))
    ++found;
  return found;
}

TEST(MetricsTest, WhatHasNoOpenLabelsIsZeroFromTheStart) {
  const std::string page = Metrics().text();
  for (const std::string_view line :
       {"edsm_leader 0", "edsm_messages_held 0", "edsm_sweeps_total 0",
        "edsm_sweep_compared_total 0", "edsm_sweep_differing_total 0",
        "edsm_kubernetes_events_dropped_total 0", "edsm_queue_depth{state=\"waiting\"} 0",
        "edsm_queue_depth{state=\"running\"} 0",
        "edsm_step_duration_seconds_count{step=\"total\"} 0",
        "edsm_change_arrival_seconds_count{at=\"secret\"} 0",
        "edsm_change_arrival_seconds_count{at=\"workload\"} 0",
        "edsm_change_arrival_seconds_count{at=\"pods\"} 0",
        "edsm_build_info{version=\"" EDSM_VERSION "\"} 1"}) {
    EXPECT_TRUE(has_line(page, line)) << line << "\n" << page;
  }
  EXPECT_FALSE(page.contains("edsm_secret_fetched_total"));
}

TEST(MetricsTest, NamesLabelsAndValues) {
  Metrics metrics;
  metrics.total_bindings("ns", 3);
  metrics.workloads_using("s", "ns", 2);
  for (int i = 0; i < 3; ++i) metrics.secret_fetched("s", "ns");
  for (int i = 0; i < 2; ++i) metrics.secret_updated("s", "ns");
  metrics.secret_created("s", "ns");
  metrics.rollout("s", "ns");
  metrics.drift_healed("s", "ns");
  metrics.message("q", MessageOutcome::settled);
  metrics.api_call("secretsmanager", "GetSecretValue", "200", 30ms);
  metrics.api_call("secretsmanager", "GetSecretValue", "Timeout", 30s);
  metrics.reconcile("synced");
  metrics.queue_depth(5, 6);
  metrics.messages_held(7);
  metrics.bindings_by_condition("Synced", 8);
  metrics.watch_restart("secrets", "expired");
  metrics.sweep(10, 1);
  metrics.sweep(10, 0);
  metrics.credential_expiry("role", base::WallTime(1'795'456'800s));
  metrics.leader(true);
  metrics.kube_event_dropped();
  metrics.step(Step::fetch, 4ms);
  metrics.step(Step::fetch, 61s);
  const std::string page = metrics.text();
  for (const std::string_view line : {
           "edsm_total_eventdrivensecrets{namespace=\"ns\"} 3",
           "edsm_deployments_using_secrets{namespace=\"ns\",secret=\"s\"} 2",
           "edsm_secret_fetched_total{namespace=\"ns\",secret=\"s\"} 3",
           "edsm_secret_created_total{namespace=\"ns\",secret=\"s\"} 1",
           "edsm_secret_updated_total{namespace=\"ns\",secret=\"s\"} 2",
           "edsm_deployment_rollout_total{namespace=\"ns\",secret=\"s\"} 1",
           "edsm_drift_healed_total{namespace=\"ns\",secret=\"s\"} 1",
           "edsm_messages_total{outcome=\"settled\",queue=\"q\"} 1",
           "edsm_api_calls_total{code=\"200\",operation=\"GetSecretValue\",service="
           "\"secretsmanager\"} 1",
           "edsm_api_calls_total{code=\"Timeout\",operation=\"GetSecretValue\",service="
           "\"secretsmanager\"} 1",
           "edsm_api_call_duration_seconds_count{operation=\"GetSecretValue\",service="
           "\"secretsmanager\"} 2",
           "edsm_reconcile_total{result=\"synced\"} 1",
           "edsm_queue_depth{state=\"waiting\"} 5",
           "edsm_queue_depth{state=\"running\"} 6",
           "edsm_messages_held 7",
           "edsm_bindings{reason=\"Synced\"} 8",
           "edsm_watch_restarts_total{cause=\"expired\",resource=\"secrets\"} 1",
           "edsm_sweeps_total 2",
           "edsm_sweep_compared_total 20",
           "edsm_sweep_differing_total 1",
           "edsm_credential_expiry_timestamp_seconds{source=\"role\"} 1795456800",
           "edsm_leader 1",
           "edsm_kubernetes_events_dropped_total 1",
           "edsm_step_duration_seconds_bucket{step=\"fetch\",le=\"0.0025\"} 0",
           "edsm_step_duration_seconds_bucket{step=\"fetch\",le=\"0.005\"} 1",
           "edsm_step_duration_seconds_bucket{step=\"fetch\",le=\"60\"} 1",
           "edsm_step_duration_seconds_bucket{step=\"fetch\",le=\"+Inf\"} 2",
       }) {
    EXPECT_TRUE(has_line(page, line)) << line << "\n" << page;
  }
}

TEST(MetricsTest, EveryFamilyHasHelpAndType) {
  Metrics metrics;
  metrics.secret_fetched("s", "ns");
  const std::string page = metrics.text();
  EXPECT_EQ(count(page, "# HELP "), count(page, "# TYPE "));
  EXPECT_TRUE(has_line(page, "# TYPE edsm_secret_fetched_total counter"));
  EXPECT_TRUE(has_line(page, "# TYPE edsm_step_duration_seconds histogram"));
  EXPECT_FALSE(page.contains("# HELP edsm_leader \n"));
}

TEST(MetricsTest, ForgottenTargetsLeaveNoSeriesAndMayComeBack) {
  Metrics metrics;
  metrics.workloads_using("s", "ns", 2);
  metrics.secret_fetched("s", "ns");
  metrics.secret_created("s", "ns");
  metrics.secret_updated("s", "ns");
  metrics.rollout("s", "ns");
  metrics.drift_healed("s", "ns");
  metrics.secret_fetched("other", "ns");
  metrics.forget_target("s", "ns");
  metrics.forget_target("never seen", "ns");
  const std::string page = metrics.text();
  EXPECT_FALSE(page.contains("secret=\"s\"")) << page;
  EXPECT_TRUE(page.contains("secret=\"other\""));
  metrics.secret_fetched("s", "ns");
  EXPECT_TRUE(
      has_line(metrics.text(), "edsm_secret_fetched_total{namespace=\"ns\",secret=\"s\"} 1"));
}

TEST(MetricsTest, LabelValuesCannotBreakThePageOrMixUp) {
  Metrics metrics;
  metrics.reconcile("a\"b\\c\nd\xff");
  metrics.secret_fetched("ab", "c");
  metrics.secret_fetched("a", "bc");
  const std::string page = metrics.text();
  EXPECT_TRUE(has_line(page, R"(edsm_reconcile_total{result="a\"b\\c_d_"} 1)")) << page;
  EXPECT_TRUE(has_line(page, R"(edsm_secret_fetched_total{namespace="c",secret="ab"} 1)"));
  EXPECT_TRUE(has_line(page, R"(edsm_secret_fetched_total{namespace="bc",secret="a"} 1)"));
}

TEST(MetricsTest, TargetsBeyondTheLimitAreCountedTogether) {
  Metrics metrics;
  const std::size_t limit = TargetMetrics::kMaxTargets;
  for (std::size_t i = 0; i < limit + 5; ++i) metrics.secret_updated(std::to_string(i), "ns");
  metrics.secret_updated("0", "ns");
  const std::string page = metrics.text();
  EXPECT_EQ(count(page, "\nedsm_secret_updated_total{"), limit + 1);
  EXPECT_TRUE(has_line(page, R"(edsm_secret_updated_total{namespace="other",secret="other"} 5)"));
  EXPECT_TRUE(has_line(page, R"(edsm_secret_updated_total{namespace="ns",secret="0"} 2)"));
}

TEST(MetricsTest, PeersCannotMakeSeriesWithoutEnd) {
  Metrics metrics;
  for (int i = 0; i < 10'000; ++i) metrics.api_call("s", "o", "Code" + std::to_string(i), 1ms);
  const std::string page = metrics.text();
  EXPECT_LT(count(page, "\nedsm_api_calls_total{"), 2'100U);
  EXPECT_TRUE(has_line(
      page, R"(edsm_api_calls_total{code="other",operation="other",service="other"} 8000)"));
}

TEST(ProcessTest, ReadsProcStat) {
  // The name of a process may hold spaces and parentheses.
  const std::string stat =
      "4242 (a (b) c) S 1 4242 4242 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 9000 1048576 25 "
      "18446744073709551615 1 1 0 0 0 0 0 0 0\n";
  const auto stats = parse_process_stat(stat, 100, 4096);
  ASSERT_TRUE(stats);
  EXPECT_DOUBLE_EQ(stats->cpu_seconds, 2);
  EXPECT_DOUBLE_EQ(stats->start_after_boot, 90);
  EXPECT_DOUBLE_EQ(stats->virtual_bytes, 1048576);
  EXPECT_DOUBLE_EQ(stats->resident_bytes, 25 * 4096);
  EXPECT_FALSE(parse_process_stat("", 100, 4096));
  EXPECT_FALSE(parse_process_stat("1 (a) S 1 2 3", 100, 4096));
  EXPECT_FALSE(parse_process_stat("1 (a) S x y z", 100, 4096));
}

TEST(ProcessTest, ReadsTheBootTime) {
  EXPECT_EQ(parse_boot_time("cpu 1 2\nbtime 1795456800\nprocesses 3\n"), 1795456800);
  EXPECT_FALSE(parse_boot_time("cpu 1 2\n"));
  EXPECT_FALSE(parse_boot_time("\nbtime x\n"));
}

TEST(ProcessTest, KnowsThisProcess) {
  const auto process = read_process();
  ASSERT_TRUE(process);
  EXPECT_GT(process->stats.resident_bytes, 1e5);
  EXPECT_LT(process->stats.resident_bytes, 1e11);
  EXPECT_GE(process->open_fds, 3);
  EXPECT_GE(process->max_fds, process->open_fds);
  EXPECT_GT(process->start_time, 1.6e9);
  const std::string page = Metrics().text();
  for (const std::string_view name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                                      "process_virtual_memory_bytes", "process_start_time_seconds",
                                      "process_open_fds", "process_max_fds"}) {
    EXPECT_TRUE(page.contains("\n" + std::string(name) + " ")) << name;
  }
}

}  // namespace
}  // namespace edsm::telemetry
