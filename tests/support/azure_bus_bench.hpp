#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cloud/azure/bus_errors.hpp"
#include "cloud/azure/inbox.hpp"
#include "support/azure_auth_bench.hpp"
#include "support/numbered_tokens.hpp"

/// What the tests of Service Bus share.
namespace edsm::cloud::azure::test {

constexpr std::string_view bus_origin = "https://shop.servicebus.windows.net";

/// The inbox of that namespace's queue "events", received from by `polls`, settled by `api`. Its
/// tokens are "token-1", "token-2"...
struct BusBench : AuthBench {
  support::ScriptedHttp polls;
  oauth::TokenCache tokens{"Azure credentials", std::make_unique<support::NumberedTokens>(), clock,
                           log, metrics};
  Queue queue = parse_queue_url(std::string(bus_origin) + "/events", public_cloud()).value();
  std::unique_ptr<Inbox> inbox = make(queue);

  Wiring wiring() { return {clock, log, metrics}; }
  std::unique_ptr<Inbox> make(Queue of) {
    const Endpoint endpoint{of.origin, std::make_shared<BearerTokens>(tokens), &bus_error};
    auto calls = std::make_unique<Client>(Service::servicebus, endpoint, api, wiring());
    auto receives = std::make_unique<Client>(Service::servicebus, endpoint, polls, wiring());
    auto bus = std::make_unique<ServiceBus>(std::move(of), std::move(calls), std::move(receives));
    return std::make_unique<BusInbox>(std::move(bus), clock, log);
  }
};

}  // namespace edsm::cloud::azure::test
