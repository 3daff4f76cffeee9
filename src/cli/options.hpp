#pragma once

#include <expected>
#include <string>
#include <variant>

#include "cli/commands/doctor.hpp"
#include "cli/commands/impact.hpp"
#include "cli/commands/migrate.hpp"
#include "cli/commands/status.hpp"
#include "cli/commands/sync.hpp"
#include "cli/commands/trace.hpp"
#include "sync/shared.hpp"
#include "telemetry/log.hpp"

namespace edsm::cli {

/// What the command line of `edsm run` asks for.
struct RunOptions {
  std::string kubeconfig;
  std::string context;
  std::string own_namespace;
  std::string metrics_address = ":8080";
  std::string health_address = ":8081";
  bool metrics_secure = false;
  std::string metrics_cert_path;
  std::string metrics_cert_name = "tls.crt";
  std::string metrics_cert_key = "tls.key";
  bool metrics_authenticate = false;  ///< by Kubernetes: TokenReview and SubjectAccessReview
  bool enable_http2 = false;
  bool leader_elect = false;
  telemetry::Level log_level = telemetry::Level::info;
  telemetry::Format log_format = telemetry::Format::json;
  sync::Settings sync;
};

/// What to do, or what to print and with which exit code to end.
struct Ending {
  int exit_code = 0;
  std::string output;  ///< to standard output if the code is 0, else to standard error
};

/// One of edsm's commands.
using Command = std::variant<RunOptions, DoctorOptions, StatusOptions, TraceOptions, ImpactOptions,
                             SyncOptions, MigrateOptions>;

/// Reads the command line. Help, version, what shells ask for, and mistakes are Endings.
std::expected<Command, Ending> parse_command_line(int argc, const char* const* argv);

}  // namespace edsm::cli
