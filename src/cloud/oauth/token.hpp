#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/task.hpp"

namespace edsm::cloud::oauth {

/// What goes behind "Bearer " in an Authorization header. Wiped with its owner.
struct Token {
  base::SecretBytes value;                ///< empty: send no Authorization header (an emulator)
  std::optional<base::WallTime> expires;  ///< by this machine's clock; nullopt: never
};

/// Gets a token for one cloud's APIs, each time anew; holding it is TokenCache's work. Errors name
/// what was configured and the remedy: it is never passed over for the next source.
class TokenProvider {
 public:
  virtual ~TokenProvider() = default;
  /// For logs and metrics: "service-account-key", "metadata-server".
  virtual std::string_view name() const = 0;
  virtual base::Task<base::Result<Token>> get() = 0;
};

}  // namespace edsm::cloud::oauth
