#include "cli/options.hpp"

#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/version.hpp>
#include <curl/curlver.h>
#include <fmt/format.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include "cli/completion.hpp"
#include "cli/environment.hpp"

namespace edsm::cli {
namespace {

constexpr int kUsageError = 2;
/// What the shells' scripts ask.
constexpr std::string_view kComplete = "__complete";
/// By this name kubectl looks for the completion of `kubectl edsm`.
constexpr std::string_view kKubectlCompletes = "kubectl_complete-edsm";
constexpr const char* kBindingName = "EventDrivenSecret: NAME or NAMESPACE/NAME.";
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

/// By its name only: CLI11's own transformers would take a number, too.
sync::Tenancy tenancy(const std::string& text) {
  if (text == "off") return sync::Tenancy::off;
  if (text == "audit") return sync::Tenancy::audit;
  if (text == "enforce") return sync::Tenancy::enforce;
  throw CLI::ValidationError("--tenancy", "\"" + text + "\" is none of off, audit, enforce");
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
  run.add_option_function<std::string>(
         "--tenancy", [&options](const std::string& text) { options.sync.tenancy = tenancy(text); },
         "Whether SecretAccessPolicies say which namespace may read which secret: off, audit "
         "(only tell) or enforce. [off]")
      ->option_text("MODE");
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
  run.add_option("--workers", options.sync.workers, "Bindings in work at once, of each cloud. [64]")
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
  app.add_option("-o,--output", output, "How to print it. [table]")
      ->transform(CLI::CheckedTransformer(outputs))
      ->option_text("table|json");
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
  app.add_option("--tenancy", options.tenancy,
                 "The controller's --tenancy. [what its Deployment says]")
      ->check(CLI::IsMember({"off", "audit", "enforce"}))
      ->option_text("MODE");
  app.add_option_function<std::string>(
         "--probe", [&options](const std::string& binding) { options.probe = binding; },
         "Also send one harmless event to each queue and see the leader consume it; with a "
         "binding, one about its secret, whose value is read once more.")
      ->expected(0, 1)
      ->option_text("[NAMESPACE/NAME]");
  app.add_option("--metrics-url", options.metrics_url,
                 "The leader's metrics, for --probe. [http://127.0.0.1:8080/metrics]")
      ->option_text("URL");
  app.footer(
      "Queues, credentials and regions are those of the environment, as for `edsm run`: in "
      "the controller's pod everything is checked as the controller sees it.");
}

void add_migrate_options(CLI::App& app, MigrateOptions& options) {
  add_cluster_options(app, options.cluster);
  app.get_option("--namespace")
      ->description(
          "Look at this namespace; with -f, that of manifests which name none. "
          "[the context's]");
  app.add_flag("-A,--all-namespaces", options.cluster.all_namespaces, "Look at all namespaces.");
  app.add_option("-f,--filename", options.files,
                 "Read these manifests, in the place of the cluster; - is the standard input.")
      ->option_text("FILE");
  app.add_flag("--strict", options.strict, "End with 1 if something cannot be carried over.");
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
      ->option_text("debug|info|warn|error");
  static const std::map<std::string, telemetry::Format> formats = {
      {"json", telemetry::Format::json}, {"text", telemetry::Format::text}};
  run.add_option("--log-format", options.log_format,
                 "json or text. [text on a terminal, else json]")
      ->transform(CLI::CheckedTransformer(formats))
      ->option_text("json|text");
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

/// Everything that a command line may say.
struct Wanted {
  RunOptions run;
  Times times;
  bool help_markdown = false;
  DoctorOptions doctor;
  StatusOptions status;
  TraceOptions trace;
  ImpactOptions impact;
  SyncOptions sync;
  double sync_timeout_ms = 60'000;
  MigrateOptions migrate;
  std::string shell;
};

void declare(CLI::App& app, Wanted& wanted) {
  app.require_subcommand(0, 1);
  app.get_formatter()->column_width(38);
  auto* const run = app.add_subcommand("run", "Run the controller until SIGTERM or SIGINT.");
  run->add_flag("--help-markdown", wanted.help_markdown)->group("");
  wanted.run.log_format =
      ::isatty(STDERR_FILENO) == 1 ? telemetry::Format::text : telemetry::Format::json;
  add_run_options(*run, wanted.run, wanted.times);
  add_log_options(*run, wanted.run);
  run->footer(environment_help());
  auto* const doctor =
      app.add_subcommand("doctor", "Check everything that EDSM needs, and say how to mend it.");
  add_doctor_options(*doctor, wanted.doctor);
  auto* const status =
      app.add_subcommand("status", "Show every EventDrivenSecret, and how far its workloads are.");
  add_list_options(*status, wanted.status.cluster, wanted.status.output);
  status->add_flag("-w,--watch", wanted.status.watch, "Show it again every two seconds.");
  auto* const trace =
      app.add_subcommand("trace", "Show how the last change came from the cloud to the pods.");
  add_list_options(*trace, wanted.trace.cluster, wanted.trace.output);
  trace->remove_option(trace->get_option("--all-namespaces"));
  trace->get_option("--namespace")
      ->description("Look at this namespace. [the context's]")
      ->expected(1);
  trace->add_option("BINDING", wanted.trace.binding, kBindingName)->required();
  auto* const impact =
      app.add_subcommand("impact", "Show what a new value of a secret would restart.");
  add_list_options(*impact, wanted.impact.cluster, wanted.impact.output);
  impact->add_option("SECRET", wanted.impact.secret, "Its name, short or in full.")->required();
  auto* const sync = app.add_subcommand("sync", "Have values read again now, and wait for it.");
  add_cluster_options(*sync, wanted.sync.cluster)->expected(1);
  add_duration(*sync, "--timeout", wanted.sync_timeout_ms, "How long to wait for each. [60s]");
  sync->add_option("BINDING", wanted.sync.bindings, kBindingName)->required();
  add_migrate_options(
      *app.add_subcommand("migrate", "Turn ExternalSecrets into EventDrivenSecrets, as YAML."),
      wanted.migrate);
  auto* const completion =
      app.add_subcommand("completion", "Print the script by which a shell completes words.");
  completion->add_option("SHELL", wanted.shell, "bash, zsh or fish.")
      ->required()
      ->option_text(std::string(kShells));
  app.add_subcommand("version", "Print the version and what it was built with.");
}

std::expected<Command, Ending> script_for(const std::string& shell) {
  const auto script = completion_script(shell);
  if (!script.empty()) return std::unexpected(Ending{0, std::string(script)});
  return std::unexpected(Ending{
      kUsageError, fmt::format("edsm: no completion for {}: there is {}\n", shell, kShells)});
}

/// The command that was called for, after the words were read.
std::expected<Command, Ending> chosen(const CLI::App& app, Wanted wanted) {
  if (wanted.help_markdown) return std::unexpected(Ending{0, markdown(*app.get_subcommand("run"))});
  const auto called = app.get_subcommands();
  const auto name = called.empty() ? "" : called.front()->get_name();
  if (name == "run") return checked(std::move(wanted.run), wanted.times);
  if (name == "doctor") return std::move(wanted.doctor);
  if (name == "status") return std::move(wanted.status);
  if (name == "trace") return std::move(wanted.trace);
  if (name == "impact") return std::move(wanted.impact);
  wanted.sync.timeout = to_duration(wanted.sync_timeout_ms);
  if (name == "sync") return std::move(wanted.sync);
  if (name == "migrate") return std::move(wanted.migrate);
  if (name == "completion") return script_for(wanted.shell);
  if (name == "version") return std::unexpected(Ending{0, version_text()});
  return std::unexpected(Ending{kUsageError, app.help()});
}

/// As users call it: a program named kubectl-edsm is `kubectl edsm` to them.
std::string program_name(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  if (name == kKubectlCompletes) return std::string(name);
  return name.starts_with("kubectl-") ? fmt::format("kubectl {}", name.substr(8)) : "edsm";
}

}  // namespace

std::expected<Command, Ending> parse_command_line(int argc, const char* const* argv) {
  const auto name = program_name(argv[0]);
  CLI::App app(
      "EDSM, the Event-Driven Secrets Manager: keeps Kubernetes Secrets equal to their source in "
      "the cloud, from the moment the source changes.",
      name);
  Wanted wanted;
  declare(app, wanted);
  app.footer(fmt::format("`{} COMMAND --help` explains a command.", name));
  std::vector<std::string> words(argv + 1, argv + argc);
  if (!words.empty() && words.front() == kComplete) {
    words.erase(words.begin());
    return std::unexpected(Ending{0, complete(app, words)});
  }
  if (name == kKubectlCompletes) return std::unexpected(Ending{0, complete(app, words)});

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    if (code == 0) return std::unexpected(Ending{0, out.str()});
    return std::unexpected(Ending{kUsageError, "edsm: " + err.str()});
  }
  return chosen(app, std::move(wanted));
}

}  // namespace edsm::cli
