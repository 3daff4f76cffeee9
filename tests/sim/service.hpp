#pragma once

#include <memory>
#include <string>

#include "net/http.hpp"

namespace edsm::sim {

/// What a service answers. How long the way back takes, and whether it arrives, is the network's
/// business.
struct Reply {
  int status = 200;
  net::Headers headers;
  std::string body;
};

/// One request under way, as the service sees it. Exactly one of `answer` and `begin` is called,
/// at once or later; after `begin`, any number of `data`, then perhaps `end`. Calls after `gone`
/// turned true have no effect.
class Exchange {
 public:
  virtual ~Exchange() = default;
  /// The whole answer.
  virtual void answer(Reply reply) = 0;
  /// The header of an answer that arrives bit by bit.
  virtual void begin(int status, net::Headers headers) = 0;
  virtual void data(std::string bytes) = 0;
  /// The proper end of a stream.
  virtual void end() = 0;
  /// The client went away: it crashed, cancelled, timed out, or the connection was cut.
  virtual bool gone() const = 0;
};
using ExchangePtr = std::shared_ptr<Exchange>;

/// A simulated peer of EDSM: a state machine without threads, sockets or clocks of its own.
class Service {
 public:
  virtual ~Service() = default;
  /// One request, at the moment at which it reaches the service: what it changes is changed when
  /// this returns, whatever becomes of the answer.
  virtual void take(const net::Request& request, ExchangePtr exchange) = 0;
};

}  // namespace edsm::sim
