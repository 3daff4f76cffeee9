#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cloud/aws/client.hpp"

namespace edsm::cloud::aws {

/// One trail that covers a region. EventBridge gets "AWS API Call via CloudTrail" only if there is
/// one that logs management events that write.
struct Trail {
  std::string name;
  std::string arn;
  bool logging = false;
  bool management_writes = false;
};

/// Reads CloudTrail in one region.
class Trails {
 public:
  explicit Trails(std::unique_ptr<Client> client) : client_(std::move(client)) {}

  /// cloudtrail:DescribeTrails, GetTrailStatus and GetEventSelectors. Trails of other regions that
  /// do not cover this one are left out.
  base::Task<base::Result<std::vector<Trail>>> covering();

 private:
  base::Task<base::Result<base::JsonDocument>> ask(std::string operation, std::string member,
                                                   std::string arn);
  std::unique_ptr<Client> client_;
};

/// Pure: whether an answer of GetEventSelectors includes management events that write, by selectors
/// of either form.
bool selects_management_writes(const boost::json::value& answer);

}  // namespace edsm::cloud::aws
