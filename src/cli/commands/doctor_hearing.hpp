#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/commands/findings.hpp"
#include "cloud/gcp/inspect/policy.hpp"
#include "cloud/gcp/inspect/secret_topics.hpp"
#include "cloud/gcp/inspect/sinks.hpp"
#include "cloud/gcp/inspect/subscription.hpp"
#include "cloud/gcp/match.hpp"

/// Whether events of Google's come to a subscription: what was seen of Google Cloud goes in,
/// findings come out, no I/O.
namespace edsm::cli {

struct Listener {
  cloud::gcp::Subscription subscription;
  std::optional<cloud::gcp::SubscriptionFacts> facts;  ///< nullopt: they could not be seen
};

/// A secret that a binding names.
struct BoundSecret {
  cloud::gcp::SecretName name;
  std::optional<cloud::gcp::SecretTopics> told;  ///< nullopt: they could not be seen
};

struct Hearing {
  std::vector<Listener> listeners;
  std::vector<BoundSecret> secrets;
  /// By project; one that is not there could not be looked at.
  std::map<std::string, std::vector<cloud::gcp::Sink>> sinks;
  cloud::gcp::Projects projects;  ///< what the answers told

  /// Two names of one topic, by ID or by number.
  bool same_topic(std::string_view a, std::string_view b) const;
  bool listens_to(std::string_view topic) const;
  /// All that could be seen of subscriptions was.
  bool knows_listeners() const;
};

/// "pubsub/shop/edsm-events", as metrics and logs call it.
std::string shown(const cloud::gcp::Subscription& subscription);

/// Its deadline, dead letters, expiry, and whether it can be pulled at all.
Findings judge_subscription(const cloud::gcp::Subscription& subscription,
                            const cloud::gcp::SubscriptionFacts& facts);
/// Why its configuration could not be read. `member` is who may not.
Finding judge_unread(const cloud::gcp::Subscription& subscription, const base::Error& error,
                     const std::string& member);

/// Whether a new version of each secret gets to a subscription: by a topic that the secret names,
/// or by a sink of its project's audit log; and if not, the command that helps.
Findings judge_secrets(const Hearing& hearing);
/// The sinks that send to a topic that is listened to.
Findings judge_sinks(const Hearing& hearing);

/// Who has to publish to a topic, and what they are for people.
struct Publisher {
  std::string member;  ///< "serviceAccount:…"; a "*" in it stands for any number
  std::string who;     ///< "Secret Manager of shop"
  auto operator<=>(const Publisher&) const = default;
};
/// Of a topic that is listened to: Secret Manager's own account in each project whose secrets name
/// it, and the writer of each sink that sends there.
std::vector<Publisher> publishers_of(const Hearing& hearing, std::string_view topic);
/// Pub/Sub's own account, which moves dead letters.
Publisher dead_letter_mover(const Hearing& hearing, const cloud::gcp::Subscription& subscription);

/// Whether the policy of a topic or a subscription (by full name) lets them.
Findings judge_policy(std::string_view resource, const cloud::gcp::Policy& policy,
                      cloud::gcp::Right right, const std::vector<Publisher>& members);

}  // namespace edsm::cli
