#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "cli/commands/findings.hpp"
#include "cloud/aws/inspect/eventbridge.hpp"
#include "cloud/aws/inspect/queue_facts.hpp"
#include "cloud/aws/inspect/sample_events.hpp"
#include "cloud/aws/inspect/trails.hpp"

/// Whether events come to a queue: what was seen of AWS goes in, findings come out, no I/O.
namespace edsm::cli {

/// A rule that sends to the queue, and how.
struct Route {
  cloud::aws::Rule rule;
  cloud::aws::RuleTarget target;
};

struct Delivery {
  std::string queue;  ///< its name
  cloud::aws::EventPlace place;
  cloud::aws::QueueFacts facts;
  std::vector<Route> routes;
  std::vector<cloud::aws::Rule> others;  ///< rules of the bus that do not send to the queue
  std::vector<std::string> secrets;      ///< of its region, names or ARNs; at least one
};

/// Which events the rules let through: what AWS answered where it was asked, else what our matcher
/// finds.
class Passage {
 public:
  explicit Passage(cloud::aws::EventPlace place) : place_(std::move(place)) {}

  bool passes(const cloud::aws::Rule& rule, cloud::aws::EventKind kind,
              const std::string& secret) const;
  /// AWS's own answer. True if it differs from ours.
  bool learn(const cloud::aws::Rule& rule, cloud::aws::EventKind kind, const std::string& secret,
             bool passes);

 private:
  using Question = std::tuple<std::string, cloud::aws::EventKind, std::string>;
  cloud::aws::EventPlace place_;
  std::map<Question, bool> answered_;
};

/// Rules and targets: whether a new value of each secret gets to the queue, and why not.
Findings judge_rules(const Delivery& delivery, const Passage& passage);
/// The queue's policy and encryption, as far as they concern EventBridge.
Findings judge_admission(const Delivery& delivery, const Passage& passage);
/// Only what rules want by way of CloudTrail needs a trail. `trails` are those of the region.
Findings judge_trails(const Delivery& delivery, const Passage& passage,
                      const std::vector<cloud::aws::Trail>& trails);
bool wants_trail(const Delivery& delivery, const Passage& passage);

}  // namespace edsm::cli
