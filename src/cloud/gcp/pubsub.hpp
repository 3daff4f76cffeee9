#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/gcp/client.hpp"
#include "cloud/gcp/events.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

/// projects/P/subscriptions/S
struct Subscription {
  std::string project;
  std::string id;
  bool operator==(const Subscription&) const = default;
  std::string str() const { return "projects/" + project + "/subscriptions/" + id; }
};

/// A received message, as the wire brings it.
struct PubsubMessage {
  std::string ack_id;
  std::string id;
  Attributes attributes;
  base::SecretBytes data;    ///< decoded
  std::string publish_time;  ///< RFC 3339, or empty
  int delivery_attempt = 0;  ///< 0: the subscription has no dead-letter topic, so nobody counts
  bool intact = true;        ///< false: its data is not base64
};

/// The calls of one subscription. Long polls and the others use connections of their own, so that
/// an acknowledgement never waits behind a poll.
class Pubsub {
 public:
  /// The service answers an empty poll after about 90 s, and does not say when; ours ends later.
  static constexpr base::Duration poll_time = std::chrono::seconds(100);
  /// The service's limits of an acknowledgement deadline.
  static constexpr std::chrono::seconds min_deadline{10};
  static constexpr std::chrono::seconds max_deadline{600};
  static constexpr std::size_t max_messages = 100;

  Pubsub(Subscription subscription, std::unique_ptr<Client> calls, std::unique_ptr<Client> polls)
      : subscription_(std::move(subscription)),
        calls_(std::move(calls)),
        polls_(std::move(polls)) {}

  /// A long poll; one that ends without an answer is empty.
  base::Task<base::Result<std::vector<PubsubMessage>>> pull();
  base::Task<std::vector<base::Result<>>> acknowledge(std::vector<std::string> ack_ids);
  base::Task<std::vector<base::Result<>>> modify_deadline(std::vector<std::string> ack_ids,
                                                          std::chrono::seconds deadline);
  /// Who may not look at the subscription gets the least that every subscription has.
  base::Task<base::Result<InboxFacts>> facts();

  const Subscription& subscription() const { return subscription_; }

 private:
  struct Batch;
  base::Task<std::vector<base::Result<>>> in_batches(Batch batch);
  base::Task<void> one_batch(Batch& batch, std::size_t first, std::size_t count);
  std::string path(std::string_view verb) const;
  base::Error explain(base::Error error, std::string_view permission) const;

  Subscription subscription_;
  std::unique_ptr<Client> calls_;
  std::unique_ptr<Client> polls_;
  std::size_t wanted_ = max_messages;  ///< fewer after an answer that was too large
};

}  // namespace edsm::cloud::gcp
