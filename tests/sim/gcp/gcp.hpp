#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "sim/common/calls.hpp"
#include "sim/gcp/faults.hpp"
#include "sim/gcp/notifications.hpp"
#include "sim/gcp/pubsub.hpp"
#include "sim/gcp/secrets.hpp"
#include "sim/gcp/secrets_api.hpp"
#include "sim/gcp/tokens.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

struct GcpOptions {
  std::string project = "shop-123456";
  std::string number = "827585297303";  ///< of the project: what answers and events say
  std::string topic = "secrets";
  std::string subscription = "edsm-events";
};

/// One project of Google Cloud: Secret Manager with its notifications and audit log, Pub/Sub with a
/// topic, a subscription and dead letters, the metadata server and its tokens. A state machine in
/// memory.
///
/// Requests are told apart by their paths, whatever the host: the real hosts do, and any other.
/// Every request counts and is remembered; each pull ends by itself.
///
///   Gcp gcp(timeline);
///   gcp.secrets().put("secrets/db", R"({"user":"u"})");   // and its messages are in the queue
///   gcp.secrets().change("secrets/db", "1", gcp::State::disabled);
///   gcp.secrets().set_alias("secrets/db", "live", "1");
///   gcp.queue().counts().leased;
///   gcp.tokens().expire_all();
///   gcp.route = [&](gcp::Publication message) { lose, delay, or gcp.pubsub().publish(…); };
///   gcp.calls().value_reads("secrets/db");
class Gcp final : public Service {
 public:
  /// `timeline` has to live longer than this.
  explicit Gcp(Timeline& timeline, GcpOptions options = {});
  Gcp(const Gcp&) = delete;
  Gcp& operator=(const Gcp&) = delete;

  void take(const net::Request& request, ExchangePtr exchange) override;

  // -- the actors
  gcp::Secrets& secrets() { return secrets_; }
  gcp::PubSub& pubsub() { return pubsub_; }
  gcp::Subscription& queue() { return queue_; }
  gcp::Subscription& dead_letters() { return dead_letters_; }
  /// Messages that were delivered so often go to the dead letters; 0: none.
  void set_max_attempts(unsigned count);
  gcp::Tokens& tokens() { return tokens_; }

  gcp::EventOptions events;
  gcp::Faults faults;
  /// Brings a message of Secret Manager, or of the log sink, to its topic; at first, at once.
  gcp::Notifications::Sink route;

  // -- the observers
  const CloudCalls& calls() const { return calls_; }
  const GcpOptions& options() const { return options_; }
  std::string topic() const;

  // -- answers that somebody on the way may give in the place of the service, in its words
  static Reply throttled();
  static Reply internal_error();
  /// Of a load balancer: no JSON.
  static Reply unavailable();

 private:
  GcpOptions options_;
  Timeline& timeline_;
  CloudCalls calls_;
  gcp::Tokens tokens_;
  gcp::PubSub pubsub_;
  gcp::Subscription& queue_;
  gcp::Subscription& dead_letters_;
  gcp::SecretsApi secrets_api_;
  gcp::Secrets secrets_;
};

}  // namespace edsm::sim
