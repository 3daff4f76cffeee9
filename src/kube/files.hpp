#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::kube {

/// A whole regular file of at most 1 MiB. Failure::invalid, code "UnreadableFile", with path and
/// cause.
base::Result<base::SecretBytes> read_file(const std::string& path);
bool file_exists(const std::string& path);
/// Without white space at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace edsm::kube
