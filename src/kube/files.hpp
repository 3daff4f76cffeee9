#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::kube {

/// A whole regular file of at most 1 MiB. Failure::invalid, code "UnreadableFile", with path and
/// cause.
base::Result<base::SecretBytes> read_file(const std::string& path);
/// What stands for it where a test decides what the files hold.
using ReadFile = std::function<base::Result<base::SecretBytes>(const std::string& path)>;
bool file_exists(const std::string& path);
/// Without white space at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace edsm::kube
