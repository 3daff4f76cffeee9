#pragma once

#include <string_view>

#include <boost/json/object.hpp>

#include "sim/common/calls.hpp"
#include "sim/gcp/faults.hpp"
#include "sim/gcp/secrets.hpp"

namespace edsm::sim::gcp {

/// Secret Manager's REST API over the secrets of one project: all of v1 but permissions. Lists know
/// no filter but "state:…" of versions.
class SecretsApi {
 public:
  SecretsApi(Timeline& timeline, const Faults& faults) : timeline_(timeline), faults_(faults) {}

  /// Notes in `call` which operation it is, which secret is asked for and which value is handed
  /// out.
  Answer<boost::json::object> answer(Secrets& secrets, const net::Request& request,
                                     const Path& path, CloudCall& call);

 private:
  using Object = boost::json::object;
  /// One secret, or one of its versions.
  struct Name {
    std::string path;
    std::string version;  ///< empty: none was named
  };
  Answer<Object> of_project(Secrets& secrets, const net::Request& request, const Path& path,
                            const std::string& parent, CloudCall& call);
  Answer<Object> of_secret(Secrets& secrets, const net::Request& request, const Path& path,
                           const Name& name, CloudCall& call);
  Answer<Object> of_version(Secrets& secrets, const net::Request& request, const Path& path,
                            const Name& name, CloudCall& call);
  Answer<Object> add(Secrets& secrets, const Object& input, const Name& name);
  Answer<Object> read(Secrets& secrets, const Name& name, bool value, CloudCall& call);
  static Answer<Object> list(const Secrets& secrets, const Path& path, std::string_view parent);
  static Answer<Object> versions(Secrets& secrets, const Path& path, const Name& name);
  /// An error if the caller may not do it, or too often.
  Answer<void> permit(CloudCall& call, std::string_view operation, std::string_view resource) const;

  Timeline& timeline_;
  const Faults& faults_;
};

}  // namespace edsm::sim::gcp
