#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cloud/gcp/client.hpp"
#include "cloud/gcp/inspect/filter.hpp"
#include "cloud/gcp/names.hpp"

namespace edsm::cloud::gcp {

/// A sink that sends entries of a project's logs somewhere.
struct Sink {
  std::string name;
  std::string destination;  ///< "pubsub.googleapis.com/projects/P/topics/T"
  std::string filter;
  std::string writer;  ///< "serviceAccount:…": who publishes
  bool disabled = false;
  std::vector<std::string> exclusions;  ///< filters: what one of them matches is not sent

  /// "projects/P/topics/T"; empty: it sends elsewhere.
  std::string_view topic() const;
};

/// logging.sinks.list, one page; those of a folder or an organisation are not among them. `page` is
/// empty for the first, then what parse_sinks gave: empty after the last.
Call sinks_call(const std::string& project, const std::string& page);
std::string parse_sinks(const boost::json::value& json, std::vector<Sink>& sinks);

/// Pure: whether the sink sends the audit log's entry of a call about a secret. `method` is
/// "AddSecretVersion"; `number` that of the secret's project, or empty.
Passes sends(const Sink& sink, std::string_view method, const SecretName& secret,
             std::string_view number);

}  // namespace edsm::cloud::gcp
