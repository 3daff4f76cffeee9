#pragma once

#include <cstddef>
#include <string>

#include "cli/commands/cluster.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/table.hpp"

namespace edsm::cli {

struct StatusOptions {
  ClusterOptions cluster;
  Output output = Output::table;
  bool watch = false;
};

/// `edsm status`: every binding, its state, and how far its workloads are. Exit code 0.
int run_status(const StatusOptions& options);

/// Pure: `now` is for ages, `width` what a line of the terminal has.
std::string show_status(const Estate& estate, base::WallTime now, Output output,
                        std::size_t width = kAnyWidth);

}  // namespace edsm::cli
