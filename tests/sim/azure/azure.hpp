#pragma once

#include <string>

#include "sim/azure/bus.hpp"
#include "sim/azure/events.hpp"
#include "sim/azure/faults.hpp"
#include "sim/azure/tokens.hpp"
#include "sim/azure/vault.hpp"
#include "sim/azure/vault_api.hpp"
#include "sim/common/calls.hpp"
#include "sim/service.hpp"
#include "sim/timeline.hpp"

namespace edsm::sim {

struct AzureOptions {
  std::string vault = "shop-kv";
  std::string space = "shop";  ///< namespace of Service Bus
  std::string queue = "edsm-events";
};

/// A Key Vault with the events and audit records of its secrets, a namespace of Service Bus with a
/// queue and its dead letters, and Microsoft Entra. A state machine in memory.
///
/// Requests are told apart by their hosts, which are the real ones'. Every request counts and is
/// remembered, those to hosts of somebody else under the operation "Foreign".
///
///   Azure azure(timeline);
///   azure.vault().put("db", R"({"user":"u"})");   // and its event is in the queue
///   azure.vault().set_enabled("db", "", false);
///   azure.queue().counts().locked;
///   azure.tokens().expire_all();
///   azure.route = [&](azure::Publication message) { lose, delay, or azure.queue().send(…); };
///   azure.calls().value_reads("db");
class Azure final : public Service {
 public:
  /// `timeline` has to live longer than this.
  explicit Azure(Timeline& timeline, const AzureOptions& options = {});
  Azure(const Azure&) = delete;
  Azure& operator=(const Azure&) = delete;

  void take(const net::Request& request, ExchangePtr exchange) override;

  // -- the actors
  azure::Vault& vault() { return vault_; }
  azure::VaultApi& vault_api() { return vault_api_; }
  azure::Bus& bus() { return bus_; }
  azure::Queue& queue() { return queue_; }
  azure::Queue& dead_letters() { return bus_.dead_letters(queue_); }
  azure::Tokens& tokens() { return tokens_; }

  azure::EventOptions events;
  azure::Faults faults;
  /// Brings a message about a secret to the queue; at first, at once.
  azure::Events::Sink route;

  // -- the observers
  const CloudCalls& calls() const { return calls_; }
  /// As a program is told of it.
  std::string queue_url() const;

  // -- answers that somebody on the way may give in the place of the service, in its words
  Reply throttled(const net::Request& request);
  Reply internal_error(const net::Request& request);
  /// Of a load balancer.
  static Reply unavailable();

 private:
  Reply refusal(const net::Request& request, const azure::ServiceError& error);

  Timeline& timeline_;
  CloudCalls calls_;
  azure::Tokens tokens_;
  azure::Vault vault_;
  azure::VaultApi vault_api_;
  azure::Bus bus_;
  azure::Queue& queue_;
};

}  // namespace edsm::sim
