#include "sync/rollout_progress.hpp"

#include <algorithm>
#include <cstdint>

#include "base/json.hpp"

namespace edsm::sync {
namespace {

/// Numbers of pods; a field that is zero is left out of a status.
class Numbers {
 public:
  explicit Numbers(const boost::json::value& object) : object_(object) {}

  std::int64_t at(std::string_view path, std::int64_t otherwise = 0) const {
    return base::int_at(object_, path).value_or(otherwise);
  }
  std::int64_t wanted() const { return at("spec.replicas", 1); }

 private:
  const boost::json::value& object_;
};

bool deployment_is_out(const Numbers& number) {
  const auto updated = number.at("status.updatedReplicas");
  return updated >= number.wanted() && number.at("status.replicas") <= updated &&
         number.at("status.availableReplicas") >= updated;
}

bool stateful_set_is_out(const Numbers& number) {
  const auto kept = number.at("spec.updateStrategy.rollingUpdate.partition");
  const auto wanted = number.wanted();
  return number.at("status.updatedReplicas") >= std::max<std::int64_t>(wanted - kept, 0) &&
         number.at("status.readyReplicas") >= wanted;
}

bool daemon_set_is_out(const Numbers& number) {
  const auto wanted = number.at("status.desiredNumberScheduled");
  return number.at("status.updatedNumberScheduled") >= wanted &&
         number.at("status.numberAvailable") >= wanted;
}

}  // namespace

bool rolled_out(std::string_view kind, const boost::json::value& object) {
  const Numbers number(object);
  // Until its controller has seen the new template, a status tells of the old one.
  if (number.at("status.observedGeneration", -1) < number.at("metadata.generation")) return false;
  if (kind == "Deployment") return deployment_is_out(number);
  if (kind == "StatefulSet") return stateful_set_is_out(number);
  return kind == "DaemonSet" && daemon_set_is_out(number);
}

}  // namespace edsm::sync
