#pragma once

#include <cstdint>
#include <string>

#include "cloud/aws/client.hpp"
#include "cloud/aws/endpoints.hpp"

namespace edsm::cloud::aws {

/// What a queue's own configuration says, and how full it is.
struct QueueFacts {
  std::string arn;
  std::string policy;            ///< a policy document, or empty
  std::string dead_letters_arn;  ///< empty: none
  std::int64_t max_receives = 0;
  std::string kms_key;  ///< empty: not encrypted, or with a key of SQS itself
  std::int64_t waiting = 0;
  std::int64_t in_work = 0;
};

/// sqs:GetQueueAttributes. `client` is of the queue's region.
base::Task<base::Result<QueueFacts>> read_queue_facts(Client& client, std::string queue_url);

/// The URL of a queue by its ARN, in the form that `like` has: the services take it as they take
/// their own.
std::string queue_url_of(std::string_view arn, const QueueUrl& like);

}  // namespace edsm::cloud::aws
