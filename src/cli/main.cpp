#include <cstdio>
#include <variant>

#include "cli/harden.hpp"
#include "cli/options.hpp"
#include "cli/program.hpp"

namespace {

using namespace edsm::cli;

int carry_out(const RunOptions& options) {
  return run_program(options);
}
int carry_out(const DoctorOptions& options) {
  return run_doctor(options);
}
int carry_out(const StatusOptions& options) {
  return run_status(options);
}
int carry_out(const TraceOptions& options) {
  return run_trace(options);
}
int carry_out(const ImpactOptions& options) {
  return run_impact(options);
}
int carry_out(const SyncOptions& options) {
  return run_sync(options);
}
int carry_out(const MigrateOptions& options) {
  return run_migrate(options);
}

}  // namespace

int main(int argc, char** argv) {
  harden_process();
  const auto command = parse_command_line(argc, argv);
  if (!command) {
    const auto& ending = command.error();
    std::fputs(ending.output.c_str(), ending.exit_code == 0 ? stdout : stderr);
    return ending.exit_code;
  }
  return std::visit([](const auto& options) { return carry_out(options); }, *command);
}
