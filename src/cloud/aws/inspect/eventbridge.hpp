#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cloud/aws/client.hpp"

namespace edsm::cloud::aws {

/// A rule of the default bus, which is where Secrets Manager's events come.
struct Rule {
  std::string name;
  std::string arn;
  std::string pattern;  ///< empty: of a schedule
  bool enabled = false;
};

/// What a rule sends events to, and whether they arrive as they are.
struct RuleTarget {
  std::string id;
  std::string arn;
  std::string input_path;  ///< only this part of the event is sent; empty: all
  bool rewritten = false;  ///< an input or an input transformer replaces the event
};

/// Reads EventBridge in one region. Every call needs a permission of its own name, and an error
/// says so.
class EventBridge {
 public:
  explicit EventBridge(std::unique_ptr<Client> client) : client_(std::move(client)) {}

  /// events:ListRuleNamesByTarget
  base::Task<base::Result<std::vector<std::string>>> rule_names(std::string target_arn);
  /// events:DescribeRule
  base::Task<base::Result<Rule>> rule(std::string name);
  /// events:ListRules. At most the first thousand.
  base::Task<base::Result<std::vector<Rule>>> rules();
  /// events:ListTargetsByRule
  base::Task<base::Result<std::vector<RuleTarget>>> targets(std::string rule);
  /// events:TestEventPattern. `event` is a whole event as JSON.
  base::Task<base::Result<bool>> test(std::string pattern, std::string event);

 private:
  std::unique_ptr<Client> client_;
};

}  // namespace edsm::cloud::aws
