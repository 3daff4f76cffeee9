#pragma once

#include <string>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::base {

/// A whole regular file of at most 1 MiB, straight into wiped memory. Failure::invalid,
/// "UnreadableFile", with a text that names the path and the cause.
Result<SecretBytes> read_file(const std::string& path);

}  // namespace edsm::base
