#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "base/names.hpp"

/// From the annotations of Stakater's Reloader to ours. Pure.
namespace edsm::cli {

/// What Reloader may be told to react to, as far as it is ours.
struct ReloadableSecrets {
  std::set<base::ObjectKey> managed;   ///< the targets of EventDrivenSecrets
  std::set<base::ObjectKey> matching;  ///< Secrets with the annotation reloader.stakater.com/match
  bool matching_known = true;          ///< false: `matching` could not be read
};

/// What becomes of a workload's annotations.
struct Reloaded {
  std::string kind;
  std::string ns;  ///< empty: the manifest names none
  std::string name;
  std::vector<std::string> secrets;  ///< for eventdrivensecretsmanaged; sorted
  std::vector<std::string> removed;  ///< Reloader's annotations that it replaces
  std::vector<std::string> lost;
};

/// nullopt: none of Reloader's annotations is on it or its pod template.
std::optional<Reloaded> convert_reloader(std::string_view kind, const boost::json::value& workload,
                                         const ReloadableSecrets& secrets,
                                         std::string_view default_ns);

/// Whether it has Reloader look for the annotation reloader.stakater.com/match on Secrets.
bool searches_secrets(const boost::json::value& workload);
/// Whether a Secret, ExternalSecret or EventDrivenSecret has reloader.stakater.com/match on the
/// Secret.
bool says_match(const boost::json::value& object);

/// The value of the annotation for these Secrets: '["a","b"]'.
std::string workload_annotation(const std::vector<std::string>& secrets);

}  // namespace edsm::cli
