#pragma once

#include <string_view>

#include "base/error.hpp"

/// Where a credential file may send its secrets. Whoever can write the file can make the controller
/// call a URL, and hand over what it is there to protect.
namespace edsm::cloud::gcp::auth {

/// The services that turn one proof of identity into another.
inline constexpr std::string_view oauth_service = "oauth2";
inline constexpr std::string_view sts_service = "sts";
inline constexpr std::string_view iam_service = "iamcredentials";

/// Accepts https to that service below `universe` ("googleapis.com"; also its regional, mTLS and
/// Private Service Connect names, and oauth2's older hosts), and any URL of this machine. Failure
/// ::invalid, code "UntrustedUrl"; `member` is where it was found ("token_uri").
base::Result<> check_token_url(std::string_view url, std::string_view service,
                               std::string_view universe, std::string_view member);

/// Of a subject token, which somebody else gives: https anywhere, http to this machine and to the
/// metadata service of the machine's cloud (169.254.169.254).
base::Result<> check_subject_url(std::string_view url, std::string_view member);

/// Of EC2's instance metadata: link-local, or this machine.
base::Result<> check_ec2_url(std::string_view url, std::string_view member);

/// True if a request to it must not go through a proxy.
bool is_direct(std::string_view url);

}  // namespace edsm::cloud::gcp::auth
