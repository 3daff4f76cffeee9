#pragma once

#include "cli/options.hpp"

namespace edsm::cli {

/// Runs the controller until it is told to stop. The exit code: 0 after an orderly stop, 1 after a
/// failure (lost leadership, a refused start), 2 for configuration that cannot work.
int run_program(const RunOptions& options);

}  // namespace edsm::cli
