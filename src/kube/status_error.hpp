#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

namespace edsm::kube {

/// What was asked, as far as it decides how a refusal is read.
struct Question {
  std::string subject;  ///< for people: "patch secrets shop/db"
  std::string group;    ///< API group; "" is the core group
  std::string plural;   ///< "" where no resource was meant
  bool json_patch = false;
  /// The request carried Secret data, which the server may quote when it refuses the body.
  bool carries_secret = false;
};

/// Turns an answer outside 2xx into an Error, as class Api promises. Codes beyond the Status' own
/// reasons: "NamespaceTerminating" (403) and "ResourceVersionTooLarge" (504), from its causes.
base::Error classify(const Question& question, int status, const net::Headers& headers,
                     std::string_view body);

}  // namespace edsm::kube
