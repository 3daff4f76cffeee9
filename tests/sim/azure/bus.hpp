#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/azure/queue.hpp"
#include "sim/azure/tokens.hpp"
#include "sim/common/calls.hpp"

namespace edsm::sim::azure {

/// One namespace of Service Bus with its queues and their dead letters, over HTTP. Topics, what
/// managers of queues ask, and shared access signatures are not simulated.
class Bus {
 public:
  /// `tokens` and `faults` have to live as long as this.
  Bus(Timeline& timeline, std::string name, const Tokens& tokens, const Faults& faults)
      : timeline_(timeline), name_(std::move(name)), tokens_(tokens), faults_(faults) {}

  /// A new queue, in the place of one of that name; paths have no case.
  Queue& make_queue(const std::string& path);
  /// Null: there is none.
  Queue* find(std::string_view path);
  /// Of a queue that is there.
  Queue& dead_letters(const Queue& queue);
  std::string host() const;

  /// Answers once: at once, or when a receive ends; never if `exchange` is gone by then. Notes in
  /// `call` which operation it is and which messages are meant.
  void answer(const net::Request& request, const Path& path, CloudCall& call, ExchangePtr exchange);

 private:
  /// Which part of a queue a request is about.
  struct Target {
    std::string queue;
    std::vector<std::string_view> rest;  ///< behind "messages"
  };
  Answer<Target> target_of(const Path& path) const;
  void receive(Queue& queue, const net::Request& request, const Path& path, CloudCall& call,
               const ExchangePtr& exchange);
  Answer<void> settle(Queue& queue, const net::Request& request, const Target& target,
                      CloudCall& call);
  Answer<void> send(Queue& queue, const net::Request& request);
  Answer<Queue*> allowed(const net::Request& request, const Target& target, CloudCall& call);

  Timeline& timeline_;
  std::string name_;
  const Tokens& tokens_;
  const Faults& faults_;
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues_;  ///< by path in lower case
};

}  // namespace edsm::sim::azure
