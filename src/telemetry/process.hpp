#pragma once

#include <optional>
#include <string_view>

namespace edsm::telemetry {

/// What the kernel says about this process, in Prometheus' base units.
struct ProcessStats {
  double cpu_seconds = 0;  ///< user + system
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double start_after_boot = 0;  ///< seconds
};

/// Reads the text of /proc/<pid>/stat (proc(5)); nullopt if it is not that.
std::optional<ProcessStats> parse_process_stat(std::string_view stat, double ticks_per_second,
                                               double page_bytes);

/// The "btime" of /proc/stat: seconds since 1970 at which the machine booted.
std::optional<double> parse_boot_time(std::string_view stat);

struct Process {
  ProcessStats stats;
  double start_time = 0;  ///< seconds since 1970
  double open_fds = 0;
  double max_fds = 0;
};

/// The program's own numbers from /proc; nullopt where there is no /proc.
std::optional<Process> read_process();

}  // namespace edsm::telemetry
