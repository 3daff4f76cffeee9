#include "cli/commands/doctor_probe.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/json_writer.hpp"
#include "cli/commands/metrics_page.hpp"
#include "cloud/aws/inspect/sample_events.hpp"

namespace edsm::cli {
namespace {

using cloud::aws::QueueUrl;
using Level = Finding::Level;

constexpr base::Duration kLookAgain = std::chrono::milliseconds(100);

/// What is sent where, and which counters of the leader show what became of it. They count all
/// messages and reads: what else happens in the same second may be taken for the probe's.
struct Plan {
  QueueUrl queue;
  std::string secret;   ///< a name or an ARN
  std::string about;    ///< for people
  std::string outcome;  ///< of edsm_messages_total
  bool reads_value = false;

  double received(const MetricsPage& page) const { return messages(page, outcome); }
  double settled(const MetricsPage& page) const { return messages(page, "settled"); }
  static double reads(const MetricsPage& page) {
    double calls = 0;
    for (const auto* const operation : {"GetSecretValue", "BatchGetSecretValue"})
      calls += page.sum("edsm_api_calls_total", {{"operation", operation}, {"code", "200"}});
    return calls;
  }

 private:
  double messages(const MetricsPage& page, const std::string& what) const {
    return page.sum(
        "edsm_messages_total",
        {{"queue", fmt::format("sqs/{}/{}", queue.region, queue.name)}, {"outcome", what}});
  }
};

Finding finding(Level level, std::string what, std::string remedy = "") {
  return {level, "probe", std::move(what), std::move(remedy)};
}

/// An event for each queue, about a secret that was made up this moment.
std::vector<Plan> plans_for_nobody(const std::vector<QueueUrl>& queues, base::Clock& clock) {
  std::vector<Plan> plans;
  plans.reserve(queues.size());
  for (const auto& queue : queues) {
    plans.push_back({queue,
                     fmt::format("edsm-doctor/{:016x}{:016x}", clock.random(), clock.random()),
                     "an event that concerns no binding",
                     "unmatched",
                     {}});
  }
  return plans;
}

base::Result<Plan> plan_for(const Reported& reported, cloud::Provider& provider,
                            const std::vector<QueueUrl>& queues) {
  const auto& binding = reported.binding;
  const auto source = provider.resolve(*binding.query);
  if (!source) return std::unexpected(source.error());
  const auto region = provider.place(*source).region;
  const auto queue = std::ranges::find(queues, region, &QueueUrl::region);
  if (queue == queues.end()) {
    return base::fail(base::Failure::absent, "NoQueue",
                      fmt::format("there is no queue in {}, where its secret is", region));
  }
  return Plan{*queue, std::string(source->path()),
              fmt::format("an event about the secret of {}", binding.key.str()), "matched", true};
}

/// Without the version, so that the value is read whatever is there already.
std::string event_of(const Plan& plan) {
  auto event = sample_event(cloud::aws::EventKind::label_updated, plan.secret,
                            {plan.queue.region, plan.queue.account});
  event["detail"].get_object().erase("versionId");
  return boost::json::serialize(event);
}

base::Task<base::Result<>> send(cloud::aws::Cloud& cloud, Plan plan) {
  auto client = cloud.client(cloud::aws::Service::sqs, plan.queue.region);
  if (!client) co_return std::unexpected(std::move(client.error()));
  base::JsonWriter json;
  json.begin_object().member("QueueUrl", plan.queue.url).member("MessageBody", event_of(plan));
  auto body = std::move(json.end_object()).take();
  const auto answer = co_await (*client)->call("SendMessage", std::move(body));
  if (!answer) co_return std::unexpected(answer.error());
  co_return base::Result<>();
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
  Observer(const Plan& plan, const MetricsPage& before)
      : received_(plan.received(before)),
        read_(Plan::reads(before)),
        settled_(plan.settled(before)) {}

  /// True when there is nothing more to wait for.
  bool see(const Plan& plan, const MetricsPage& page, base::Instant now, Seen& seen) const {
    if (!seen.received && plan.received(page) > received_) seen.received = now;
    if (!seen.read && Plan::reads(page) > read_) seen.read = now;
    // The counters are of all messages: another's end must not be taken for this one's.
    const bool done = seen.received && (seen.read || !plan.reads_value);
    if (done && !seen.settled && plan.settled(page) > settled_) seen.settled = now;
    return seen.settled.has_value();
  }

 private:
  double received_;
  double read_;
  double settled_;
};

Finding judge(const Plan& plan, const Seen& seen, base::Instant sent, base::Duration patience) {
  const auto after = [sent](base::Instant then) {
    return fmt::format("after {:.1f} s", std::chrono::duration<double>(then - sent).count());
  };
  auto text = fmt::format("{}: {}", plan.queue.name, plan.about);
  if (!seen.received) {
    return finding(Level::failure,
                   fmt::format("{} was not received by this leader within {} s", text,
                               patience / std::chrono::seconds(1)),
                   "somebody else may read this queue (each EDSM needs one of its own), or "
                   "SQS_QUEUE_URL of the controller names another");
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
    return finding(Level::failure, text + ", and not deleted", "sqs:DeleteMessage may be missing");
  return finding(Level::good, text + ", and the message deleted " + after(*seen.settled));
}

base::Task<Finding> probe_one(cloud::aws::Cloud& cloud, base::Clock& clock, net::Http& http,
                              Plan plan, ProbeWish wish) {
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
  const auto sent = co_await send(cloud, plan);
  if (!sent) {
    co_return finding(Level::unknown, base::describe(sent.error()),
                      fmt::format("grant sqs:SendMessage on {} to who probes", plan.queue.name));
  }
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

base::Task<Findings> probe(cloud::aws::Cloud& cloud, base::Clock& clock, net::Http& metrics,
                           std::vector<QueueUrl> queues, std::vector<Reported> bindings,
                           ProbeWish wish) {
  std::vector<Plan> plans;
  if (wish.binding.empty()) {
    plans = plans_for_nobody(queues, clock);
  } else {
    const auto named = std::ranges::find_if(
        bindings, [&wish](const Reported& each) { return each.binding.key.str() == wish.binding; });
    if (named == bindings.end()) {
      co_return Findings{finding(Level::failure,
                                 fmt::format("there is no EventDrivenSecret {}", wish.binding),
                                 "name it as NAMESPACE/NAME")};
    }
    auto plan = plan_for(*named, cloud.provider(), queues);
    if (!plan) {
      co_return Findings{finding(
          Level::failure, fmt::format("{}: {}", wish.binding, base::describe(plan.error())))};
    }
    plans.push_back(std::move(*plan));
  }
  Findings findings;
  for (const auto& plan : plans) {
    auto result = co_await probe_one(cloud, clock, metrics, plan, wish);
    findings.push_back(std::move(result));
  }
  co_return findings;
}

}  // namespace edsm::cli
