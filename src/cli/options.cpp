#include "cli/options.hpp"

#include <algorithm>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <curl/curlver.h>
#include <fmt/format.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include "cli/environment.hpp"

namespace edsm::cli {
namespace {

constexpr int kUsageError = 2;
/// A year: more is a mistake, and far more does not fit.
constexpr double kLongestMs = 366.0 * 24 * 3600 * 1000;

/// Durations of the command line in milliseconds, as CLI11 reads them.
struct Times {
  double rollout_window_ms = 1000;
  double resync_interval_ms = 30.0 * 60 * 1000;
};

base::Duration to_duration(double milliseconds) {
  return std::chrono::duration_cast<base::Duration>(
      std::chrono::duration<double, std::milli>(milliseconds));
}

/// CLI11 takes a lone unit for a number, and names a negative one by its value in milliseconds.
std::string number_first(const std::string& text) {
  const bool digit = !text.empty() && text.front() >= '0' && text.front() <= '9';
  return digit ? "" : "a duration is a number and a unit, such as 90s or 30m";
}

/// What Kubernetes takes for the name of a namespace; an empty one is none.
std::string namespace_name(const std::string& text) {
  const auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  const bool good = text.size() <= 63 && std::ranges::all_of(text, inner) &&
                    !text.starts_with('-') && !text.ends_with('-');
  return good ? "" : "\"" + text + "\" is no name of a namespace";
}

void add_duration(CLI::App& app, const std::string& name, double& target, const std::string& text) {
  static const std::map<std::string, double> units = {
      {"ms", 1}, {"s", 1e3}, {"m", 60e3}, {"h", 3600e3}};
  app.add_option(name, target, text)
      ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "DURATION"))
      ->transform(CLI::Validator(number_first, ""))  // the last one set is the first one run
      ->check(CLI::Range(0.0, kLongestMs))
      ->option_text("DURATION");
}

void add_connection_options(CLI::App& app, std::string& kubeconfig, std::string& context) {
  app.add_option(
         "--kubeconfig", kubeconfig,
         "Reach the API server by this file. [KUBECONFIG, else in-cluster, else ~/.kube/config]")
      ->option_text("FILE");
  app.add_option("--context", context, "Context of the kubeconfig. [its current-context]")
      ->option_text("NAME");
}

CLI::Option* add_namespaces(CLI::App& app, const std::string& name,
                            std::vector<std::string>& namespaces, const std::string& text) {
  return app.add_option(name, namespaces, text)
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(namespace_name)
      ->option_text("NAMESPACE");
}

void add_run_options(CLI::App& run, RunOptions& options, Times& times) {
  run.add_option("--metrics-bind-address", options.metrics_address,
                 "Where /metrics is served; 0 switches it off. [:8080]")
      ->option_text("ADDRESS");
  run.add_option("--health-probe-bind-address", options.health_address,
                 "Where /healthz and /readyz are served; 0 switches them off. [:8081]")
      ->option_text("ADDRESS");
  run.add_flag(
      "--leader-elect", options.leader_elect,
      "Elect one active replica by the Lease a06dd29d.edsm.io. Needed with more than one replica.");
  run.add_flag("--metrics-secure", options.metrics_secure,
               "Serve metrics by HTTPS, with the certificate from --metrics-cert-path.");
  run.add_option("--metrics-cert-path", options.metrics_cert_path,
                 "Folder of the metrics server's certificate.")
      ->option_text("FOLDER");
  run.add_option("--metrics-cert-name", options.metrics_cert_name,
                 "Its certificate file. [tls.crt]")
      ->option_text("FILE");
  run.add_option("--metrics-cert-key", options.metrics_cert_key, "Its key file. [tls.key]")
      ->option_text("FILE");
  static const std::map<std::string, bool> ways = {{"none", false}, {"tokenreview", true}};
  run.add_option("--metrics-authentication", options.metrics_authenticate,
                 "Who may read metrics: none, everybody; or tokenreview, whose bearer token "
                 "Kubernetes knows and permits to get the nonResourceURL /metrics. [none]")
      ->transform(CLI::CheckedTransformer(ways))
      ->option_text("WAY");
  run.add_flag("--enable-http2", options.enable_http2,
               "Accepted for compatibility: probes and metrics are always served by HTTP/1.1.");
  add_namespaces(run, "--watch-namespace", options.sync.watch_namespaces,
                 "Work in this namespace only, or in several: repeat it, or separate them by "
                 "commas. [all namespaces]");
  run.add_option("--namespace", options.own_namespace,
                 "The controller's own namespace, for its Lease and its digest key. "
                 "[POD_NAMESPACE, else the ServiceAccount's, else kube-system]")
      ->option_text("NAMESPACE");
  add_connection_options(run, options.kubeconfig, options.context);
  add_duration(
      run, "--resync-interval", times.resync_interval_ms,
      "How often version ids are compared with the cloud, to find what events missed. [30m]");
  add_duration(run, "--rollout-window", times.rollout_window_ms,
               "Changes that come within this time restart a workload once. [1s]");
  run.add_option(
         "--rollout-rate", options.sync.rollouts_per_second,
         "Restarts of workloads per second, sustained; five seconds' worth may come at once. [20]")
      ->check(CLI::PositiveNumber)
      ->option_text("NUMBER");
  run.add_option("--workers", options.sync.workers, "How many bindings are worked on at once. [64]")
      ->check(CLI::Range(1, 1024))
      ->option_text("NUMBER");
}

CLI::Option* add_cluster_options(CLI::App& app, ClusterOptions& options) {
  add_connection_options(app, options.kubeconfig, options.context);
  return add_namespaces(app, "-n,--namespace", options.namespaces,
                        "Look at this namespace. [the context's]");
}

/// Of the commands that list.
void add_list_options(CLI::App& app, ClusterOptions& cluster, Output& output) {
  add_cluster_options(app, cluster)
      ->description("Look at this namespace, or at several, separated by commas. [the context's]");
  app.add_flag("-A,--all-namespaces", cluster.all_namespaces, "Look at all namespaces.");
  static const std::map<std::string, Output> outputs = {{"table", Output::table},
                                                        {"json", Output::json}};
  app.add_option("-o,--output", output, "table or json. [table]")
      ->transform(CLI::CheckedTransformer(outputs))
      ->option_text("FORMAT");
}

void add_doctor_options(CLI::App& app, DoctorOptions& options) {
  add_list_options(app, options.cluster, options.output);
  app.remove_option(app.get_option("--all-namespaces"));
  app.get_option("--namespace")
      ->description(
          "The only namespaces that the controller watches, separated by commas. [all "
          "namespaces]");
  app.add_option("--own-namespace", options.own_namespace,
                 "The controller's own namespace. [POD_NAMESPACE, else kube-system]")
      ->option_text("NAMESPACE");
  app.add_option("--as", options.as,
                 "Whose rights to check, such as system:serviceaccount:kube-system:edsm. [yours]")
      ->option_text("USER");
  app.footer(
      "Queues, credentials and regions are those of the environment, as for `edsm run`: in "
      "the controller's pod everything is checked as the controller sees it.");
}

void add_log_options(CLI::App& run, RunOptions& options) {
  run.add_option_function<std::string>(
         "--log-level,--zap-log-level",
         [&options](const std::string& text) {
           const auto level = telemetry::parse_level(text);
           if (!level)
             throw CLI::ValidationError("--log-level",
                                        "\"" + text + "\" is none of debug, info, warn, error");
           options.log_level = *level;
         },
         "Least severity that is logged: debug, info, warn or error. [info]")
      ->option_text("LEVEL");
  static const std::map<std::string, telemetry::Format> formats = {
      {"json", telemetry::Format::json}, {"text", telemetry::Format::text}};
  run.add_option("--log-format", options.log_format,
                 "json or text. [text on a terminal, else json]")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("FORMAT");
}

std::string version_text() {
  return fmt::format("edsm {}\n  {}\n  Boost {}.{}, libcurl {}, {}\n", EDSM_VERSION, __VERSION__,
                     BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, LIBCURL_VERSION,
                     OPENSSL_VERSION_TEXT);
}

/// The reference page of the flags, from the same declarations as --help.
std::string markdown(const CLI::App& run) {
  std::string page =
      "# Configuration of `edsm run`\n\n## Flags\n\n| flag | meaning | default |\n|---|---|---|\n";
  for (const auto* const option : run.get_options()) {
    if (option->get_group().empty() || option->get_name() == "--help") continue;
    std::string text = option->get_description();
    std::string preset;
    if (const auto bracket = text.rfind(" [");
        bracket != std::string::npos && text.ends_with(']')) {
      preset = text.substr(bracket + 2, text.size() - bracket - 3);
      text.resize(bracket);
    }
    page += fmt::format("| `{}` | {} | {} |\n", option->get_name(false, true), text, preset);
  }
  return page + "\n## Environment\n\n" + environment_markdown();
}

/// `edsm run` after its words were read.
std::expected<Command, Ending> checked(RunOptions options, const Times& times) {
  if (options.metrics_secure && options.metrics_cert_path.empty()) {
    return std::unexpected(
        Ending{kUsageError, "edsm: --metrics-secure needs --metrics-cert-path\n"});
  }
  auto& watched = options.sync.watch_namespaces;
  std::erase(watched, "");
  std::ranges::sort(watched);
  watched.erase(std::ranges::unique(watched).begin(), watched.end());
  if (options.metrics_authenticate && !options.metrics_secure) {
    return std::unexpected(
        Ending{kUsageError,
               "edsm: --metrics-authentication=tokenreview needs --metrics-secure, or whoever "
               "listens could take the tokens\n"});
  }
  options.sync.rollout_window = to_duration(times.rollout_window_ms);
  options.sync.resync_interval = to_duration(times.resync_interval_ms);
  if (options.sync.resync_interval < std::chrono::seconds(10)) {
    return std::unexpected(Ending{kUsageError, "edsm: --resync-interval must be at least 10s\n"});
  }
  return options;
}

}  // namespace

std::expected<Command, Ending> parse_command_line(int argc, const char* const* argv) {
  RunOptions run_options;
  Times times;
  run_options.log_format =
      ::isatty(STDERR_FILENO) == 1 ? telemetry::Format::text : telemetry::Format::json;
  DoctorOptions doctor_options;
  StatusOptions status_options;
  ImpactOptions impact_options;
  SyncOptions sync_options;
  double timeout_ms = 60'000;

  CLI::App app(
      "EDSM, the Event-Driven Secrets Manager: keeps Kubernetes Secrets equal to their source in "
      "the cloud, from the moment the source changes.",
      "edsm");
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(38);
  auto* const run = app.add_subcommand("run", "Run the controller until SIGTERM or SIGINT.");
  bool help_markdown = false;
  run->add_flag("--help-markdown", help_markdown)->group("");
  add_run_options(*run, run_options, times);
  add_log_options(*run, run_options);
  run->footer(environment_help());
  auto* const doctor =
      app.add_subcommand("doctor", "Check everything that EDSM needs, and say how to mend it.");
  add_doctor_options(*doctor, doctor_options);
  auto* const status =
      app.add_subcommand("status", "Show every EventDrivenSecret, and how far its workloads are.");
  add_list_options(*status, status_options.cluster, status_options.output);
  status->add_flag("-w,--watch", status_options.watch, "Show it again every two seconds.");
  auto* const impact =
      app.add_subcommand("impact", "Show what a new value of a secret would restart.");
  add_list_options(*impact, impact_options.cluster, impact_options.output);
  impact->add_option("SECRET", impact_options.secret, "Its name or ARN.")->required();
  auto* const sync = app.add_subcommand("sync", "Have values read again now, and wait for it.");
  add_cluster_options(*sync, sync_options.cluster)->expected(1);
  add_duration(*sync, "--timeout", timeout_ms, "How long to wait for each. [60s]");
  sync->add_option("BINDING", sync_options.bindings, "EventDrivenSecrets: NAME or NAMESPACE/NAME.")
      ->required();
  auto* const version =
      app.add_subcommand("version", "Print the version and what it was built with.");
  app.footer("`edsm COMMAND --help` explains a command.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    if (code == 0) return std::unexpected(Ending{0, out.str()});
    return std::unexpected(Ending{kUsageError, "edsm: " + err.str()});
  }
  if (help_markdown) return std::unexpected(Ending{0, markdown(*run)});
  if (run->parsed()) return checked(std::move(run_options), times);
  if (doctor->parsed()) return doctor_options;
  if (status->parsed()) return status_options;
  if (impact->parsed()) return impact_options;
  sync_options.timeout = to_duration(timeout_ms);
  if (sync->parsed()) return sync_options;
  if (version->parsed()) return std::unexpected(Ending{0, version_text()});
  return std::unexpected(Ending{kUsageError, app.help()});
}

}  // namespace edsm::cli
