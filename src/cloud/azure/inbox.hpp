#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/azure/auth/credentials.hpp"
#include "cloud/azure/service_bus.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::azure {

/// One queue of Service Bus, or a topic's subscription, as cloud::Inbox: the calls, and the
/// decoding of what they bring.
///
/// A call brings one message. While none comes one long poll waits; once one came, and as long as
/// all of them bring one, twice as many calls are made side by side, which do not wait.
class BusInbox final : public Inbox {
 public:
  BusInbox(std::unique_ptr<ServiceBus> bus, base::Clock& clock, telemetry::Log& log);

  std::string_view name() const override { return name_; }
  base::Duration stuck_after() const override;
  /// Makes no call: what is asked here only who may manage the queue could find out. Every queue
  /// has dead letters, and each lock is renewed as if it were a short one.
  base::Task<base::Result<InboxFacts>> describe() override;
  base::Task<base::Result<std::vector<Message>>> receive() override;
  base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> tickets) override;
  /// A lock is always renewed for the queue's own time. One that is left alone ends by itself, and
  /// only then the message comes again: that is the backoff of effects that failed. Handed back
  /// (zero), it would come in the same moment.
  base::Task<std::vector<base::Result<>>> hold(std::vector<std::string> tickets,
                                               base::Duration time) override;

 private:
  using Received = base::Result<std::optional<BusMessage>>;
  base::Task<std::vector<Received>> receive_many(std::size_t count);
  base::Task<void> receive_into(Received& received);
  Message decode(BusMessage raw);

  std::unique_ptr<ServiceBus> bus_;
  base::Clock& clock_;
  telemetry::Log& log_;
  std::string name_;
  std::size_t next_ = 1;  ///< how many calls `receive` makes; 1: the long poll
  bool warned_ = false;
};

/// Lets calls of the queue in: by its shared key, or the controller's identity.
std::shared_ptr<Authoriser> authoriser_of(const Queue& queue, Credentials& credentials,
                                          base::Clock& clock);

/// `long_polls` carries receives, `api` the rest. Everything referred to outlives it.
std::unique_ptr<Inbox> make_inbox(const Queue& queue, Credentials& credentials, net::Http& api,
                                  net::Http& long_polls, Wiring wiring);

}  // namespace edsm::cloud::azure
