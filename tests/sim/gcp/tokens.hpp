#pragma once

#include <string>
#include <vector>

#include "sim/gcp/wire.hpp"

namespace edsm::sim::gcp {

/// The metadata server of a Google machine, and which of its access tokens count.
class Tokens {
 public:
  explicit Tokens(Timeline& timeline) : timeline_(timeline) {}

  // -- the actors
  /// How long tokens live that are issued from now on; an hour at first.
  void set_lifetime(base::Duration lifetime) { lifetime_ = lifetime; }
  /// All tokens so far are worth nothing from now on.
  void expire_all();
  /// The metadata server answers with HTTP 503 from now on, or properly again.
  void break_server(bool broken) { broken_ = broken; }
  /// Without a need for tokens everybody may do everything, as with an emulator.
  void set_required(bool required) { required_ = required; }

  // -- the wire
  /// GET of the metadata server. It hands out one token as long as that is good for five minutes
  /// more.
  Reply endpoint(const net::Request& request, std::string_view path);
  /// The token of the request, if it counts.
  Answer<std::string> check(const net::Request& request) const;

 private:
  struct Token {
    std::string text;
    base::Instant expires;
  };
  const Token& current();

  Timeline& timeline_;
  std::vector<Token> tokens_;
  base::Duration lifetime_ = std::chrono::hours(1);
  bool broken_ = false;
  bool required_ = true;
};

}  // namespace edsm::sim::gcp
