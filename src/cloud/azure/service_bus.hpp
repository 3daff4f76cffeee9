#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/azure/client.hpp"
#include "cloud/azure/queue.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::azure {

/// A received message, as the wire brings it.
struct BusMessage {
  /// Path of its lock, by which it is settled; empty: what the service named as such is none of
  /// this queue's.
  std::string lock;
  std::string id;
  base::SecretBytes body;
  std::optional<base::WallTime> enqueued;
  int delivery_count = 1;
  std::optional<base::Duration> lock_time;  ///< how long it was locked for, if the service said so
};

/// The calls of one queue, or of one subscription of a topic. Receives and the others use
/// connections of their own, so that an acknowledgement never waits behind a poll.
class ServiceBus {
 public:
  /// The service waits no longer.
  static constexpr std::chrono::seconds poll_time{60};
  /// From its sending to the answer: proxies and the network have a share of it, too.
  static constexpr base::Duration poll_timeout = std::chrono::seconds(75);
  /// Over HTTP every message is a call.
  static constexpr std::size_t side_by_side = 8;

  ServiceBus(Queue queue, std::unique_ptr<Client> calls, std::unique_ptr<Client> polls)
      : queue_(std::move(queue)), calls_(std::move(calls)), polls_(std::move(polls)) {}

  /// Locks the oldest message, and waits so long for one; nullopt: none came.
  base::Task<base::Result<std::optional<BusMessage>>> receive(std::chrono::seconds wait);
  /// These take paths of locks, any number, and give one result each, in order. A lock that was
  /// lost, which is harmless, is Failure::absent, code "LockLost".
  base::Task<std::vector<base::Result<>>> complete(std::vector<std::string> locks);
  base::Task<std::vector<base::Result<>>> renew(std::vector<std::string> locks);
  /// Hands them back at once.
  base::Task<std::vector<base::Result<>>> unlock(std::vector<std::string> locks);

  const Queue& queue() const { return queue_; }

 private:
  struct Settling {
    std::string operation;
    net::Method method;
    std::vector<std::string> locks;
    std::vector<base::Result<>> results{};
  };
  base::Task<std::vector<base::Result<>>> settle(Settling settling);
  base::Task<void> settle_one(Settling& settling, std::size_t index);
  BusMessage read(net::Response answer) const;
  std::string lock_of(const net::Headers& headers) const;
  base::Error explain(base::Error error) const;

  Queue queue_;
  std::unique_ptr<Client> calls_;
  std::unique_ptr<Client> polls_;
};

}  // namespace edsm::cloud::azure
