#include "base/error.hpp"

namespace edsm::base {

std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::transient:
      return "transient";
    case Failure::throttled:
      return "throttled";
    case Failure::conflict:
      return "conflict";
    case Failure::expired:
      return "expired";
    case Failure::credentials:
      return "credentials";
    case Failure::refused:
      return "refused";
    case Failure::absent:
      return "absent";
    case Failure::invalid:
      return "invalid";
    case Failure::cancelled:
      return "cancelled";
  }
  return "unknown";
}

std::string describe(const Error& error) {
  if (error.code.empty()) return error.text;
  return error.code + ": " + error.text;
}

std::unexpected<Error> fail(Error error, std::string_view context) {
  error.text.insert(0, ": ").insert(0, context);
  return std::unexpected(std::move(error));
}

}  // namespace edsm::base
