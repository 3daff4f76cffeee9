#include "cli/commands/doctor_probe.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "cli/commands/metrics_page.hpp"

namespace edsm::cli {
namespace {

using Level = Finding::Level;

constexpr base::Duration kLookAgain = std::chrono::milliseconds(100);

double messages(const ProbePlan& plan, const MetricsPage& page, const std::string& outcome) {
  return page.sum("edsm_messages_total", {{"queue", plan.inbox}, {"outcome", outcome}});
}
double received(const ProbePlan& plan, const MetricsPage& page) {
  return messages(plan, page, plan.reads_value ? "matched" : "unmatched");
}
double settled(const ProbePlan& plan, const MetricsPage& page) {
  return messages(plan, page, "settled");
}
double reads(const ProbePlan& plan, const MetricsPage& page) {
  double calls = 0;
  for (const auto& operation : plan.reads)
    calls += page.sum("edsm_api_calls_total", {{"operation", operation}, {"code", "200"}});
  return calls;
}

Finding finding(Level level, std::string what, std::string remedy = "") {
  return {level, "probe", std::move(what), std::move(remedy)};
}

base::Task<base::Result<MetricsPage>> look(net::Http& http, std::string url) {
  net::Request request(net::Method::get, std::move(url));
  request.timeout = std::chrono::seconds(5);
  const auto answer = co_await http.send(std::move(request));
  if (!answer) co_return std::unexpected(answer.error());
  MetricsPage page(answer->body.view());
  if (answer->status != 200 || !page.has("edsm_leader")) {
    co_return base::fail(base::Failure::invalid, "NotMetrics",
                         fmt::format("HTTP {}, and no metrics of EDSM", answer->status));
  }
  co_return page;
}

/// When which effect was first seen.
struct Seen {
  std::optional<base::Instant> received;
  std::optional<base::Instant> read;
  std::optional<base::Instant> settled;
};

class Observer {
 public:
  Observer(const ProbePlan& plan, const MetricsPage& before)
      : received_(received(plan, before)),
        read_(reads(plan, before)),
        settled_(settled(plan, before)) {}

  /// True when there is nothing more to wait for.
  bool see(const ProbePlan& plan, const MetricsPage& page, base::Instant now, Seen& seen) const {
    if (!seen.received && received(plan, page) > received_) seen.received = now;
    if (!seen.read && reads(plan, page) > read_) seen.read = now;
    // The counters are of all messages: another's end must not be taken for this one's.
    const bool done = seen.received && (seen.read || !plan.reads_value);
    if (done && !seen.settled && settled(plan, page) > settled_) seen.settled = now;
    return seen.settled.has_value();
  }

 private:
  double received_;
  double read_;
  double settled_;
};

Finding judge(const ProbePlan& plan, const Seen& seen, base::Instant sent,
              base::Duration patience) {
  const auto after = [sent](base::Instant then) {
    return fmt::format("after {:.1f} s", std::chrono::duration<double>(then - sent).count());
  };
  auto text = fmt::format("{}: {}", plan.queue, plan.about);
  if (!seen.received) {
    return finding(Level::failure,
                   fmt::format("{} was not received by this leader within {} s", text,
                               patience / std::chrono::seconds(1)),
                   fmt::format("somebody else may read this queue (each EDSM needs one of its "
                               "own), or {} names another",
                               plan.to_receive));
  }
  text += " was received " + after(*seen.received);
  if (plan.reads_value) {
    if (!seen.read) {
      return finding(Level::failure, text + ", and the value was not read again",
                     "edsm status shows what keeps the binding from it");
    }
    text += ", the value read again " + after(*seen.read);
  }
  if (!seen.settled)
    return finding(Level::failure, text + ", and not deleted", plan.to_delete + " may be missing");
  return finding(Level::good, text + ", and the message deleted " + after(*seen.settled));
}

base::Task<Finding> probe_one(ProbePlan plan, base::Clock& clock, net::Http& http, ProbeWish wish) {
  const auto before = co_await look(http, wish.metrics_url);
  if (!before) {
    co_return finding(Level::unknown,
                      fmt::format("nothing was sent, because the metrics at {} cannot be read: {}",
                                  wish.metrics_url, base::describe(before.error())),
                      "run it in the pod that leads, or forward its port and say --metrics-url");
  }
  if (before->sum("edsm_leader", {}) < 1) {
    co_return finding(
        Level::unknown,
        fmt::format("nothing was sent, because {} is not the leader's", wish.metrics_url),
        "run it in the pod that leads (see `leader` above)");
  }
  const auto sent = co_await plan.send();
  if (!sent) co_return finding(Level::unknown, base::describe(sent.error()), plan.to_send);
  const auto start = clock.now();
  const Observer observer(plan, *before);
  Seen seen;
  while (clock.now() < start + wish.patience) {
    const auto page = co_await look(http, wish.metrics_url);
    if (page && observer.see(plan, *page, clock.now(), seen)) break;
    co_await clock.sleep_for(kLookAgain);
  }
  co_return judge(plan, seen, start, wish.patience);
}

}  // namespace

base::Task<Findings> run_probes(std::vector<ProbePlan> plans, base::Clock& clock,
                                net::Http& metrics, ProbeWish wish) {
  Findings findings;
  for (const auto& plan : plans) {
    auto result = co_await probe_one(plan, clock, metrics, wish);
    findings.push_back(std::move(result));
  }
  co_return findings;
}

Findings no_probe(const ProbeWish& wish, const base::Error& error, std::string_view cloud) {
  return {finding(Level::failure, fmt::format("{}: {}", wish.binding, base::describe(error)),
                  remedy_for(error, cloud))};
}

}  // namespace edsm::cli
