#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::sync {

/// A member of a JSON object as it stands in the source text.
struct Slice {
  base::SecretBytes name;  ///< decoded
  std::string_view text;   ///< the value, without white space around it
};

/// True if the first thing in `text` looks like a JSON object.
bool looks_like_object(std::string_view text);

/// The members of an object, sorted by name, each name once.
using Slices = std::vector<Slice>;

/// The members of the object that `text` is; of a repeated name the last value counts.
/// Failure::invalid "NotJSON" if it is not one valid JSON object (RFC 8259, UTF-8, at most 64
/// levels). Slices point into `text`.
base::Result<Slices> object_members(std::string_view text);
/// nullptr if none has that name.
const Slice* find_member(const Slices& members, std::string_view name);

/// The bytes that a member stands for: a string decoded, null nothing, all else its source text, so
/// that 12345678901234567890 and 1e400 keep every digit.
base::SecretBytes plain_bytes(std::string_view text);

}  // namespace edsm::sync
