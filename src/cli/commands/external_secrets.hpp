#pragma once

#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include <boost/json/value.hpp>

#include "cli/commands/manifests.hpp"
#include "sync/binding.hpp"

/// From ExternalSecrets (external-secrets.io/v1 and v1beta1) to EventDrivenSecrets. Pure.
namespace edsm::cli {

/// The spec of an EventDrivenSecret that is to be made; empty members are left out.
struct WishedBinding {
  std::string provider = "aws";
  std::string project;
  std::string vault;   ///< a URL
  std::string tenant;  ///< of the vault
  std::string region;
  std::string role;         ///< that the controller assumes to read it
  std::string external_id;  ///< that the role asks for
  std::string path;
  std::string target;
  std::string format;
  std::string raw_key;
  std::vector<sync::KeySelection> data;
  std::string type;
  sync::StringMap labels;
  sync::StringMap annotations;
  std::string creation;
  bool delete_with_source = false;
};

/// What became of one ExternalSecret.
struct Converted {
  std::string ns;  ///< empty: the manifest names none
  std::string name;
  WishedBinding wish;
  std::vector<std::string> refused;  ///< why there is no EventDrivenSecret for it; empty: there is
  std::vector<std::string> lost;     ///< what it does that the EventDrivenSecret will not
};

/// SecretStores and ClusterSecretStores.
class Stores {
 public:
  explicit Stores(const Manifests& manifests, std::string_view default_ns);
  /// Null: there is none; `ns` of a ClusterSecretStore does not count.
  const boost::json::value* find(std::string_view kind, std::string_view ns,
                                 std::string_view name) const;

 private:
  std::map<std::tuple<std::string, std::string, std::string>, const boost::json::value*> stores_;
};

Converted convert(const boost::json::value& external_secret, const Stores& stores,
                  std::string_view default_ns);

/// Whether a name can be a Kubernetes object's, and so stand in a command line as it is.
bool is_object_name(std::string_view name);

}  // namespace edsm::cli
