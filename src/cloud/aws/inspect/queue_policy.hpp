#pragma once

#include <cstdint>
#include <string_view>

namespace edsm::cloud::aws {

enum class Admission : std::uint8_t {
  admitted,
  refused,  ///< no statement lets it in, or one keeps it out
  depends,  ///< on a condition that is not understood here
};

/// Pure: whether a queue's policy lets EventBridge send what a rule matches. It looks at
/// statements for events.amazonaws.com (or everybody) and sqs:SendMessage, and understands
/// conditions on aws:SourceArn, aws:SourceAccount and aws:SecureTransport (EventBridge uses TLS).
/// A queue without a policy admits nobody.
Admission admits_rule(std::string_view policy, std::string_view queue_arn,
                      std::string_view rule_arn);

}  // namespace edsm::cloud::aws
