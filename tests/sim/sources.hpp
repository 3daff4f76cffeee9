#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/aws/aws.hpp"
#include "sim/cluster/object.hpp"
#include "sim/gcp/gcp.hpp"
#include "sim/scenario.hpp"

namespace edsm::sim {

/// A cloud secret as a binding names it.
struct Wanted {
  bool google = false;
  std::string path;     ///< what people call it: "prod/s0", "prod-s0"
  std::string version;  ///< of Google's: "latest", an alias, a number
};

/// What a reader of a cloud secret gets, from some instant on.
struct Past {
  enum class State : std::uint8_t { live, disabled, gone };
  base::Instant since{};
  State state = State::gone;
  std::string bytes;
};

/// Something that a message tells of a secret.
struct News {
  std::string path;
  gcp::Publication::Change change = gcp::Publication::Change::secret;  ///< of Google's
  std::string version{};                                               ///< likewise

  /// Whether it may be of any concern to who wants this.
  bool concerns(const Wanted& wanted) const;
};

/// The cloud secrets of a world, in whichever cloud they are.
class Sources {
 public:
  Sources(Aws& aws, Gcp& gcp, const Scenario& scenario)
      : aws_(aws), gcp_(gcp), scenario_(scenario) {}

  /// The name of a secret of the scenario: an AWS secret is in a folder, Google has none.
  std::string path(unsigned secret) const;
  /// As `gcp.secrets()` calls it.
  static std::string google_path(std::string_view path);
  /// Has a binding's spec name the secret: cloud, place and path. Google's secrets are named by
  /// their project's ID or its number, and by the latest version, a number or an alias.
  void name(Object& spec, unsigned secret, unsigned binding) const;

  static Wanted wanted(const Object& spec);
  /// Everything that a reader got, with the times at which there was nothing.
  std::vector<Past> history(const Wanted& wanted) const;
  /// Gone if there never was anything.
  Past current(const Wanted& wanted) const;
  /// All values that could ever be read.
  std::vector<std::string> values() const;

 private:
  Aws& aws_;
  Gcp& gcp_;
  const Scenario& scenario_;
};

/// The alias that bindings of Google's secrets name.
inline constexpr std::string_view kAlias = "live";

}  // namespace edsm::sim
