#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cloud/gcp/names.hpp"

/// Which events speak of which bindings.
///
/// Events and answers carry the project's number, users write its ID, and nothing but an answer
/// tells that the two are one. So a match key is "gcp/<project>/<location>/<secret>/<version>", and
/// the project in it is what a side knows: a binding by ID has keys with it and with "*", a binding
/// by number with it and with "#". A hint about a number whose ID is known has keys with both; as
/// long as it is not, with "*", which is any ID. So nothing is missed before the first answer, and
/// projects whose secrets have the same names are told apart after it. A binding that names no
/// project has keys with "-", and so has a hint about what may be the controller's own.
///
/// The last part says which changes of a secret concern a binding: "latest", "alias", the number
/// that it is pinned to, and "*" for all of them.
namespace edsm::cloud::gcp {

/// Which number and which ID are one project, as far as answers have told.
class Projects {
 public:
  /// Bounded: what a controller reads from is few.
  static constexpr std::size_t limit = 1000;

  /// `asked` is what a request named, `answered` what the answer to it did.
  void learn(std::string_view asked, std::string_view answered);
  /// The other name of the same project; empty: not known.
  std::string_view other_name(std::string_view project) const;
  /// Whether both are one project, as far as is known.
  bool same(std::string_view a, std::string_view b) const { return a == b || other_name(a) == b; }

  /// Bindings may mean the controller's own project, whichever that is.
  void expect_own() { own_expected_ = true; }
  /// It is this one.
  void own_is(std::string_view project) { own_ = project; }
  /// False if it is expected of nobody, or known to be another.
  bool may_be_own(std::string_view project) const;

 private:
  bool own_expected_ = false;
  std::string own_;                                        ///< empty: not known yet
  std::map<std::string, std::string, std::less<>> names_;  ///< each pair both ways round
};

/// Of a binding. `name.version` empty means "latest".
std::vector<std::string> binding_keys(const SecretName& name);

/// What happened to a secret, as far as it decides whom it concerns.
enum class Change : std::uint8_t {
  secret,    ///< the secret as a whole: created, deleted
  metadata,  ///< an alias may mean another version now
  version,   ///< one version, which SecretName::version names (empty: unknown)
};
/// Of an event; the first is the one for people.
std::vector<std::string> hint_keys(const SecretName& name, Change change, const Projects& projects);

}  // namespace edsm::cloud::gcp
