#include <utility>

#include <fmt/format.h>

#include "cli/commands/doctor_hearing.hpp"
#include "cloud/text.hpp"

namespace edsm::cli {
namespace {

using cloud::gcp::Admission;
using cloud::gcp::Right;
using cloud::gcp::Subscription;
using cloud::gcp::SubscriptionFacts;
using std::chrono::seconds;
using Level = Finding::Level;

/// EDSM extends it while it works, so more only delays what a replica that crashed had received.
constexpr seconds kLongDeadline = std::chrono::minutes(9);
/// Deliveries without a pause between them are used up by a short outage.
constexpr std::int64_t kFewAttempts = 10;
/// Not read for so long: somebody's holidays.
constexpr seconds kShortExpiry = std::chrono::days(7);
constexpr seconds kShortRetention = std::chrono::hours(1);

std::string update_command(const Subscription& subscription, std::string_view flags) {
  return fmt::format("gcloud pubsub subscriptions update {} --project={} {}", subscription.id,
                     subscription.project, flags);
}

/// "31 days", "36 h", "600 s": the largest unit that it is a multiple of.
std::string length(seconds time) {
  if (time % std::chrono::days(1) == seconds(0))
    return fmt::format("{} days", time / std::chrono::days(1));
  if (time % std::chrono::hours(1) == seconds(0))
    return fmt::format("{} h", time / std::chrono::hours(1));
  return fmt::format("{} s", time.count());
}

/// It can be pulled, and something comes to it.
std::optional<Finding> judge_use(const Subscription& subscription, const SubscriptionFacts& facts) {
  const auto name = shown(subscription);
  const auto again = fmt::format(
      "delete it and make it again: gcloud pubsub subscriptions create {} --project={} "
      "--topic=TOPIC --ack-deadline=60 --expiration-period=never",
      subscription.id, subscription.project);
  if (facts.detached)
    return Finding{Level::failure, "queue", name + ": it is detached from its topic", again};
  if (facts.topic == cloud::gcp::deleted_topic)
    return Finding{Level::failure, "queue", name + ": its topic was deleted", again};
  if (facts.pushes) {
    return Finding{Level::failure, "queue",
                   name + ": it delivers its messages itself, and EDSM can only pull",
                   fmt::format("gcloud pubsub subscriptions modify-push-config {} --project={} "
                               "--push-endpoint=\"\"; one that exports to BigQuery or to Cloud "
                               "Storage has to be made again",
                               subscription.id, subscription.project)};
  }
  return std::nullopt;
}

Finding judge_dead_letters(const Subscription& subscription, const SubscriptionFacts& facts) {
  const auto name = shown(subscription);
  if (facts.dead_letter_topic.empty()) {
    return {Level::warning, "queue",
            fmt::format("{}: reachable, held for {} s, but it has no dead-letter topic: a message "
                        "that nobody can handle is dropped after ten tries",
                        name, facts.deadline.count()),
            update_command(subscription,
                           "--dead-letter-topic=TOPIC --max-delivery-attempts=10, and let "
                           "Pub/Sub's own account publish there (docs/gcp.md)")};
  }
  const auto what =
      fmt::format("{}: reachable, held for {} s; after {} deliveries in vain to {}", name,
                  facts.deadline.count(), facts.max_attempts, facts.dead_letter_topic);
  if (facts.max_attempts < kFewAttempts && !facts.spaced) {
    return {Level::warning, "queue", what + ", without a pause between them",
            update_command(subscription,
                           "--max-delivery-attempts=10 --min-retry-delay=10s "
                           "--max-retry-delay=600s")};
  }
  return {Level::good, "queue", what, ""};
}

}  // namespace

std::string shown(const Subscription& subscription) {
  return fmt::format("pubsub/{}/{}", subscription.project, subscription.id);
}

Findings judge_subscription(const Subscription& subscription, const SubscriptionFacts& facts) {
  if (auto unusable = judge_use(subscription, facts)) return {std::move(*unusable)};
  const auto name = shown(subscription);
  Findings findings{judge_dead_letters(subscription, facts)};
  if (facts.deadline > kLongDeadline) {
    say(findings, Level::warning, "queue",
        fmt::format("{}: what a replica had received when it crashed comes back after {} s only",
                    name, facts.deadline.count()),
        update_command(subscription, "--ack-deadline=60"));
  }
  if (facts.expires) {
    const bool soon = *facts.expires < kShortExpiry;
    say(findings, soon ? Level::warning : Level::notice, "queue",
        fmt::format("{}: if nobody reads it for {}, Google deletes it", name,
                    length(*facts.expires)),
        update_command(subscription, "--expiration-period=never"));
  }
  if (facts.retention < kShortRetention) {
    say(findings, Level::warning, "queue",
        fmt::format("{}: messages are kept for {} only: a longer outage costs events", name,
                    length(facts.retention)),
        update_command(subscription, "--message-retention-duration=4d"));
  }
  return findings;
}

Finding judge_unread(const Subscription& subscription, const base::Error& error,
                     const std::string& member) {
  Finding finding{Level::failure, "queue",
                  fmt::format("{}: {}", shown(subscription), base::describe(error)),
                  remedy_for(error, "Google Cloud")};
  if (error.code == "PERMISSION_DENIED") {
    finding.level = Level::unknown;
    finding.what += "; it may also not exist";
    finding.remedy = fmt::format(
        "grant pubsub.subscriptions.get (roles/pubsub.viewer) on {}: gcloud pubsub subscriptions "
        "add-iam-policy-binding {} --project={} --member={} --role=roles/pubsub.viewer",
        subscription.str(), subscription.id, subscription.project, member);
  } else if (error.failure == base::Failure::absent) {
    finding.remedy = fmt::format(
        "correct GCP_PUBSUB_SUBSCRIPTION, or make it: gcloud pubsub subscriptions create {} "
        "--project={} --topic=TOPIC --ack-deadline=60 --expiration-period=never",
        subscription.id, subscription.project);
  }
  return finding;
}

Findings judge_policy(std::string_view resource, const cloud::gcp::Policy& policy, Right right,
                      const std::vector<Publisher>& members) {
  const bool publish = right == Right::publish;
  const auto parts = cloud::split(resource, '/');
  Findings findings;
  for (const auto& [member, who] : members) {
    const auto admission = cloud::gcp::admits(policy, right, member);
    if (admission == Admission::admitted) {
      say(findings, Level::good, "policy",
          fmt::format("{}: {} may {}", resource, who, publish ? "publish to it" : "take from it"),
          "");
      continue;
    }
    if (admission == Admission::depends) {
      say(findings, Level::unknown, "policy",
          fmt::format("{}: whether {} may {} depends on a condition or on a role "
                      "that this command does not know",
                      resource, who, publish ? "publish to it" : "take from it"),
          "see whether messages come");
      continue;
    }
    std::string account = member;
    if (const auto star = account.find('*'); star != std::string::npos)
      account.replace(star, 1, "NUMBER");
    say(findings, Level::warning, "policy",
        fmt::format("{}: its policy does not let {} {}, unless its project's does", resource, who,
                    publish ? "publish to it: what it sends is lost"
                            : "take from it: it moves no dead letters"),
        fmt::format("gcloud pubsub {} add-iam-policy-binding {} --project={} --member={} "
                    "--role=roles/pubsub.{}",
                    publish ? "topics" : "subscriptions", parts.back(),
                    parts.size() > 1 ? parts[1] : std::string_view("PROJECT"), account,
                    publish ? "publisher" : "subscriber"));
  }
  return findings;
}

Publisher dead_letter_mover(const Hearing& hearing, const Subscription& subscription) {
  std::string_view number = subscription.project;
  if (!cloud::gcp::is_project_number(number)) number = hearing.projects.other_name(number);
  return {fmt::format("serviceAccount:service-{}@gcp-sa-pubsub.iam.gserviceaccount.com",
                      number.empty() ? "*" : number),
          "Pub/Sub itself"};
}

}  // namespace edsm::cli
