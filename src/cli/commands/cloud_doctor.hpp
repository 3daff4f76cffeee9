#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.hpp"
#include "cli/commands/doctor_probe.hpp"
#include "cli/commands/estate.hpp"
#include "cli/commands/findings.hpp"
#include "net/http.hpp"
#include "telemetry/log.hpp"

namespace edsm::cli {

/// What `edsm doctor` knows of one cloud: a new cloud is one more of these, in doctor.cpp's table.
struct CloudDoctor {
  std::string_view provider;  ///< in spec.cloudProvider
  /// Of the environment: if one of them is set, the cloud is used.
  std::vector<std::string_view> variables;
  /// Looks at all of it with the environment of `edsm run`; with a wish it sends an event, too.
  base::Task<Findings> (*examine)(base::Clock& clock, std::vector<Reported> bindings,
                                  std::optional<ProbeWish> wish);
};

CloudDoctor aws_doctor();
CloudDoctor google_doctor();
CloudDoctor azure_doctor();

/// Settings that cannot be used.
Findings unusable(const base::Error& error);
/// To a cloud's API, and to what is on the machine itself.
net::Transport cloud_transport(const std::string& ca_bundle);
net::Transport direct_transport();

/// A cloud's clock against ours, by the date of any answer of `url`; nothing if there is none.
base::Task<void> examine_cloud_clock(net::Http& http, base::Clock& clock, std::string url,
                                     std::string_view whose, Findings& findings);

/// A log that nobody reads: what is wrong is said by findings.
class Silence final : public telemetry::Sink {
 public:
  void write(std::string_view /*line*/) override {}
};

}  // namespace edsm::cli
