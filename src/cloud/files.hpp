#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/secret.hpp"

namespace edsm::cloud {

/// Looks an environment variable up; nullopt if unset. Only the program's entry knows the real one.
using Getenv = std::function<std::optional<std::string>(std::string_view)>;

/// Reads a whole (small) file. Failure::absent, code "NoSuchFile", if there is none.
using ReadFile = std::function<base::Result<base::SecretBytes>(const std::string& path)>;

/// The real one. At most 1 MiB; Failure::invalid, code "UnreadableFile", on anything but absence.
base::Result<base::SecretBytes> read_file(const std::string& path);

/// An environment variable; one that is set to nothing counts as unset.
std::optional<std::string> lookup(const Getenv& env, std::string_view name);

}  // namespace edsm::cloud
