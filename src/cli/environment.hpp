#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace edsm::cli {

/// The process's environment: the only place that reads it. Unset and empty are both nullopt.
std::optional<std::string> environment(std::string_view name);

/// The variables that `edsm run` understands, for --help and for the reference page.
std::string environment_help();
std::string environment_markdown();

}  // namespace edsm::cli
