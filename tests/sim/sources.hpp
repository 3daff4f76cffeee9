#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/aws/aws.hpp"
#include "sim/azure/azure.hpp"
#include "sim/cluster/object.hpp"
#include "sim/common/current.hpp"
#include "sim/gcp/gcp.hpp"
#include "sim/scenario.hpp"

namespace edsm::sim {

/// A cloud secret as a binding names it.
struct Wanted {
  CloudName cloud = CloudName::aws;
  std::string path;     ///< what people call it: "prod/s0", "prod-s0", "shop-s0"
  std::string version;  ///< of Google's: "latest", an alias, a number; of Azure's: an id, or empty
};

/// Something that a message tells of a secret.
struct News {
  enum class Change : std::uint8_t { secret, metadata, version };
  std::string path;
  Change change = Change::secret;
  std::string version{};  ///< of Change::version

  /// Whether it may be of any concern to who wants this.
  bool concerns(const Wanted& wanted) const;
};

/// The cloud secrets of a world, in whichever cloud they are.
class Sources {
 public:
  Sources(Aws& aws, Gcp& gcp, Azure& azure, const Scenario& scenario)
      : aws_(aws), gcp_(gcp), azure_(azure), scenario_(scenario) {}

  /// The name of a secret of the scenario: an AWS secret is in a folder, the others have none.
  std::string path(unsigned secret) const;
  /// The cloud in which a secret of that name is.
  static CloudName cloud_of(std::string_view path);
  /// As `gcp.secrets()` calls it.
  static std::string google_path(std::string_view path);
  /// Has a binding's spec name the secret: cloud, place and path. Google's secrets are named by
  /// their project's ID or its number, and by the latest version, a number or an alias; Azure's by
  /// their vault or by a whole identifier, in any case, and a few by a version.
  void name(Object& spec, unsigned secret, unsigned binding) const;

  static Wanted wanted(const Object& spec);
  /// Everything that a reader got, with the times at which there was nothing.
  std::vector<Current> history(const Wanted& wanted) const;
  /// Gone if there never was anything.
  Current current(const Wanted& wanted) const;
  /// All values that could ever be read.
  std::vector<std::string> values() const;
  /// The two newest versions of a secret of Azure's are of one second: which is the current one,
  /// only a read tells.
  bool ambiguous() const;

 private:
  void name_at_google(Object& spec, const std::string& path, std::uint64_t lot) const;
  void name_at_azure(Object& spec, const std::string& path, std::uint64_t lot) const;

  Aws& aws_;
  Gcp& gcp_;
  Azure& azure_;
  const Scenario& scenario_;
};

/// The alias that bindings of Google's secrets name.
inline constexpr std::string_view kAlias = "live";

}  // namespace edsm::sim
