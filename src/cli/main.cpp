#include <cstdio>

#include "cli/harden.hpp"
#include "cli/options.hpp"
#include "cli/program.hpp"

int main(int argc, char** argv) {
  edsm::cli::harden_process();
  const auto options = edsm::cli::parse_command_line(argc, argv);
  if (!options) {
    const auto& ending = options.error();
    std::fputs(ending.output.c_str(), ending.exit_code == 0 ? stdout : stderr);
    return ending.exit_code;
  }
  return edsm::cli::run_program(*options);
}
