#pragma once

#include <cstdint>
#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sim/azure/wire.hpp"
#include "sim/common/calls.hpp"

namespace edsm::sim::azure {

inline constexpr std::string_view kLoginHost = "login.microsoftonline.com";
/// EDSM's own tenant, and one that has vaults which it may read.
inline constexpr std::string_view kTenant = "72000000-86f1-41af-91ab-2d7cd0110000";
inline constexpr std::string_view kOtherTenant = "99000000-86f1-41af-91ab-2d7cd0110000";
inline constexpr std::string_view kVaultAudience = "https://vault.azure.net";
inline constexpr std::string_view kBusAudience = "https://servicebus.azure.net";

/// EDSM's identity: a client secret, or the token that Kubernetes gives its pod.
inline constexpr std::string_view kClient = "0d5e0000-5c1a-4d53-a1c4-6b6e00000000";
inline constexpr std::string_view kClientSecret = "client-secret";
inline constexpr std::string_view kFederatedToken = "e30.eyJzdWIiOiJlZHNtIn0.c2lt";

/// Microsoft Entra's token endpoint for one application, and which of its tokens count.
class Tokens {
 public:
  explicit Tokens(Timeline& timeline) : timeline_(timeline) {}

  // -- the actors
  /// How long tokens live that are issued from now on; a day at first.
  void set_lifetime(base::Duration lifetime) { lifetime_ = lifetime; }
  /// All tokens so far are worth nothing from now on.
  void expire_all();
  /// Nobody gets a token from now on, or they do again.
  void refuse(bool refused) { refused_ = refused; }
  /// Without a need for tokens whatever is no empty header counts, as with an emulator.
  void set_required(bool required) { required_ = required; }

  // -- the wire
  /// Notes in `call` for whom a token is asked.
  Reply answer(const net::Request& request, const Path& path, CloudCall& call);
  /// Why the request's token does not count for that audience, in the words of Key Vault.
  /// `tenant` empty: any.
  std::expected<void, std::string> check(const net::Request& request, std::string_view audience,
                                         std::string_view tenant) const;

 private:
  struct Token {
    std::string text;
    std::string audience;
    std::string tenant;
    base::Instant expires;
  };
  struct Refusal {
    std::int64_t code;
    std::string_view error;
    std::string text;
    int status = 400;
  };
  std::expected<boost::json::object, Refusal> issue(std::string_view tenant,
                                                    const boost::json::object& form);
  Reply reply(int status, const boost::json::object& body);

  Timeline& timeline_;
  std::vector<Token> tokens_;
  base::Duration lifetime_ = std::chrono::seconds(86399);
  bool refused_ = false;
  bool required_ = true;
};

}  // namespace edsm::sim::azure
