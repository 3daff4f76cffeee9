#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace edsm::base {

/// Why something failed, in the few classes that decide what is done about it.
/// A failure is classified by its machine-readable code where the peer gives one, never by its
/// text.
enum class Failure : std::uint8_t {
  transient,    ///< 5xx, time-out, connection lost: try again with backoff
  throttled,    ///< 429 or a throttling code: try again, after `retry_after` if given
  conflict,     ///< precondition failed (409): read again, decide again
  expired,      ///< a resourceVersion or page token is too old (410): list again
  credentials,  ///< missing, expired or wrong credentials, clock skew: refresh once, then slowly
  refused,      ///< permission missing: minutes of backoff, condition names the permission
  absent,       ///< the object or secret does not exist
  invalid,      ///< bad input (manifest, value, message, configuration): wait for a change
  cancelled,    ///< we are shutting down
};

std::string_view to_string(Failure failure);

/// One error value for the whole program. `text` is for people and never holds a secret value;
/// `code` is the peer's machine-readable code ("AccessDeniedException", "Conflict"), may be empty.
struct Error {
  Failure failure = Failure::transient;
  std::string code;
  std::string text;
  std::optional<std::chrono::milliseconds> retry_after{};

  /// True if doing the same again, later, can help by itself.
  bool retryable() const {
    return failure == Failure::transient || failure == Failure::throttled ||
           failure == Failure::conflict || failure == Failure::expired ||
           failure == Failure::credentials;
  }
};

/// "AccessDeniedException: text" (or just the text).
std::string describe(const Error& error);

template <class T = void>
using Result = std::expected<T, Error>;

/// Short-hand: `return fail(Failure::invalid, "EmptyName", "secretPath is empty");`
inline std::unexpected<Error> fail(Failure failure, std::string code, std::string text) {
  return std::unexpected(Error{failure, std::move(code), std::move(text), std::nullopt});
}

/// The same error with a "context: " in front of its text.
std::unexpected<Error> fail(Error error, std::string_view context);

}  // namespace edsm::base
