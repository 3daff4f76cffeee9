#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::oauth {

/// One proof of identity for another: what is sent to a token service.
struct Exchange {
  std::string url;
  std::string content_type;
  std::vector<net::Header> headers;
  base::SecretBytes body;
};

/// Sends it, with a few short retries where the service says, or the network shows, that it may
/// pass. Any other answer is returned, whatever its status; errors are transport failures.
class TokenService {
 public:
  TokenService(net::Http& http, base::Clock& clock) : http_(http), clock_(clock) {}
  base::Task<base::Result<net::Response>> post(Exchange exchange);

 private:
  net::Http& http_;
  base::Clock& clock_;
};

/// The wait before attempt `attempt` (from 2): 1 s, 2 s, 4 s, up to a tenth more or less.
base::Duration pause_before(int attempt, std::uint64_t random);

/// A form of application/x-www-form-urlencoded, in wiped memory.
class Form {
 public:
  static constexpr std::string_view content_type = "application/x-www-form-urlencoded";
  Form& add(std::string_view name, std::string_view value);
  base::SecretBytes take() && { return std::move(bytes_); }

 private:
  base::SecretBytes bytes_;
};

/// The error that a refusal means, in OAuth's form ({"error":"invalid_grant"}) or Google's
/// ({"error":{"status":"PERMISSION_DENIED"}}). `what` begins the text.
base::Error error_of(const net::Response& response, std::string_view what);

/// True for what may be a token in a header: visible ASCII.
bool is_token(std::string_view text);

/// The token of {"access_token", "expires_in", "token_type"}; `asked` is when it was asked for.
/// Who does not say how long it lives may say until when ("expires_on", seconds since 1970).
/// Failure::credentials, code "MalformedToken".
base::Result<Token> parse_token(std::string_view json, base::WallTime asked, std::string_view what);

}  // namespace edsm::cloud::oauth
