#pragma once

#include <cstddef>
#include <string>

#include "cli/commands/cluster.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {

struct ImpactOptions {
  ClusterOptions cluster;
  Output output = Output::table;
  std::string secret;  ///< its name, or in full as its cloud writes it
};

/// `edsm impact SECRET`: what a new value would restart. Exit code 0, or 1 if nothing reads it.
int run_impact(const ImpactOptions& options);

/// Pure: `width` is what a line of the terminal has.
std::string show_impact(const Estate& estate, const std::string& secret, Output output,
                        std::size_t width = kAnyWidth);

}  // namespace edsm::cli
