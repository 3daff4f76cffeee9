#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/common/calls.hpp"
#include "sim/gcp/subscription.hpp"

namespace edsm::sim::gcp {

/// Pub/Sub's topics and subscriptions, and its REST API.
class PubSub {
 public:
  using Done = std::function<void(Answer<boost::json::object>)>;

  /// How long the service holds a pull for which there is nothing: documented nowhere, about so
  /// long by what users saw.
  base::Duration hold = std::chrono::seconds(90);

  /// `faults` has to live as long as this.
  PubSub(Timeline& timeline, const Faults& faults) : timeline_(timeline), faults_(faults) {}

  /// Full names: "projects/P/topics/T".
  void make_topic(std::string name) { topics_.insert(std::move(name)); }
  Subscription& make_subscription(std::string name, std::string topic);
  /// To all subscriptions of the topic; the message's id in each of them (they differ). A topic
  /// that is not there takes nothing.
  std::vector<std::string> publish(std::string_view topic, const Content& content);
  void set_dead_letters(Subscription& subscription, std::string topic, unsigned max_attempts);

  /// Calls `done` once: at once, or when a pull ends; never if `gone` by then. Notes in `call`
  /// which operation it is and which messages are meant.
  void answer(const net::Request& request, const Path& path, CloudCall& call,
              std::function<bool()> gone, const Done& done);

 private:
  using Object = boost::json::object;
  Answer<Object> of_topic(const net::Request& request, const Path& path, const Object& input,
                          CloudCall& call);
  Answer<Object> publish_all(std::string_view topic, const Object& input);
  Answer<Object> create(const std::string& name, const Object& input);
  Answer<Object> acknowledge(Subscription& subscription, const Object& input, CloudCall& call,
                             bool modify);
  void pull(Subscription& subscription, const Object& input, CloudCall& call,
            std::function<bool()> gone, const Done& done) const;

  Timeline& timeline_;
  const Faults& faults_;
  std::set<std::string, std::less<>> topics_;
  std::map<std::string, std::unique_ptr<Subscription>, std::less<>> subscriptions_;
};

}  // namespace edsm::sim::gcp
