#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "net/http.hpp"

/// What AWS's errors mean, in one place.
namespace edsm::cloud::aws {

/// The class of an error code; where the code is unknown, of the HTTP status. An unknown 4xx is
/// `refused` (it is tried again after minutes), never `absent` or `invalid`, which are final.
base::Failure classify(std::string_view code, int status);

/// True for refusals that a wrong clock can cause.
bool may_be_clock_skew(std::string_view code);
/// True for refusals that new credentials can cure.
bool wants_new_credentials(std::string_view code);

/// "com.amazonaws.sqs#QueueDoesNotExist:http://…" is QueueDoesNotExist; empty if it is not of at
/// most 64 letters and digits.
std::string bare_code(std::string_view code);
/// The bare code out of an answer that is not 2xx, from its JSON or XML body or its headers; empty
/// if none is there.
std::string error_code(const net::Response& response);

/// The error of such an answer; `what` begins its text ("secretsmanager GetSecretValue in
/// eu-west-1"). The server's own text stays out of it.
base::Error error_of(const net::Response& response, std::string_view what);

}  // namespace edsm::cloud::aws
