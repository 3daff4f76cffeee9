#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/aws/client.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// A received message, as the wire brings it.
struct SqsMessage {
  std::string id;
  std::string receipt_handle;
  std::string body;
  std::string sent_timestamp;  ///< milliseconds since the epoch, or empty
  int receive_count = 1;
  bool intact = true;  ///< false: the body is not what its MD5 says
};

/// The calls of one queue. Long polls and the others use connections of their own, so that an
/// acknowledgement never waits behind a poll.
class Sqs {
 public:
  static constexpr base::Duration poll_time = std::chrono::seconds(20);
  /// The service's limit of a visibility time-out.
  static constexpr std::chrono::seconds max_hold = std::chrono::hours(12);

  Sqs(QueueUrl queue, std::unique_ptr<Client> calls, std::unique_ptr<Client> polls)
      : queue_(std::move(queue)), calls_(std::move(calls)), polls_(std::move(polls)) {}

  base::Task<base::Result<std::vector<SqsMessage>>> receive();
  base::Task<std::vector<base::Result<>>> remove(std::vector<std::string> receipt_handles);
  base::Task<std::vector<base::Result<>>> change_visibility(
      std::vector<std::string> receipt_handles, std::chrono::seconds time);
  base::Task<base::Result<InboxFacts>> attributes();

  const QueueUrl& queue() const { return queue_; }

 private:
  struct Batch;
  base::Task<std::vector<base::Result<>>> in_batches(Batch batch);
  /// False if the call itself failed; it has been retried already.
  base::Task<bool> one_batch(Batch& batch, std::vector<std::size_t> indices);
  base::Error explain(base::Error error, std::string_view action) const;

  QueueUrl queue_;
  std::unique_ptr<Client> calls_;
  std::unique_ptr<Client> polls_;
};

}  // namespace edsm::cloud::aws
