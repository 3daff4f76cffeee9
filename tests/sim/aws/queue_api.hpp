#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "sim/aws/faults.hpp"
#include "sim/aws/queue.hpp"
#include "sim/common/calls.hpp"

namespace edsm::sim::aws {

/// SQS's JSON protocol: JSON in, JSON out.
class QueueApi {
 public:
  using Done = std::function<void(Answer<boost::json::object>)>;

  explicit QueueApi(const Faults& faults) : faults_(faults) {}

  /// Has to live as long as this. `path` is that of its URLs: "/000000000000/edsm-events".
  void add(std::string path, Queue& queue) { queues_.emplace(std::move(path), &queue); }
  /// Calls `done` once: at once, or when a long poll ends; never if `gone` by then. Notes in `call`
  /// which messages are meant.
  void answer(std::string_view operation, const boost::json::object& input, CloudCall& call,
              std::function<bool()> gone, const Done& done);

 private:
  using Object = boost::json::object;
  static Answer<Object> attributes(const Queue& queue, const Object& input);
  static void receive(Queue& queue, const Object& input, CloudCall& call,
                      std::function<bool()> gone, const Done& done);
  static Answer<Object> send(Queue& queue, const Object& input);
  static Answer<Object> remove(Queue& queue, const Object& entry, CloudCall& call);
  static Answer<Object> change(Queue& queue, const Object& entry, CloudCall& call);
  static Answer<Object> batch(Queue& queue, const Object& input, CloudCall& call,
                              Answer<Object> (*one)(Queue&, const Object&, CloudCall&));

  const Faults& faults_;
  std::map<std::string, Queue*, std::less<>> queues_;
};

}  // namespace edsm::sim::aws
