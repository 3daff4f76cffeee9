#pragma once

#include <map>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

namespace edsm::cli {

struct WishedBinding;

/// What spec.target.template of an ExternalSecret asks for. Pure.
struct Template {
  /// Key of the Secret -> the key that `{{ .key }}` names: all that a template may do here.
  std::map<std::string, std::string> renamed;
  bool merges = false;               ///< the keys that are read stay beside those of `renamed`
  std::vector<std::string> lost;     ///< what an EventDrivenSecret cannot do
  std::vector<std::string> refused;  ///< why there can be none
};

/// Reads it; type, labels and annotations go into `wish`. Without a template the ExternalSecret's
/// own labels and annotations are the Secret's.
Template read_template(const boost::json::value& external_secret, WishedBinding& wish);

}  // namespace edsm::cli
