#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cloud/gcp/match.hpp"
#include "cloud/gcp/names.hpp"

namespace edsm::cloud::gcp {

/// When versions were created, as far as events and answers have told.
///
/// A number alone does not tell a version: the versions of a secret that was deleted and made anew
/// begin at 1 again. So a version is called by its number and, where it is known, its creation:
/// "3@2026-11-29T10:00:00.123456Z". Events bring it, and so does every look at a version's
/// metadata, but no read of a value: what a read brought is at least as new as what was known when
/// it was sent, so it is called by that.
class Births {
 public:
  /// Of one secret: the number of a version -> its creation.
  using Versions = std::map<std::string, base::WallTime, std::less<>>;
  /// Bounded: the secret that was heard of first is forgotten first, and asked for again.
  static constexpr std::size_t limit = 10'000;
  /// Of one secret; the oldest is forgotten.
  static constexpr std::size_t versions_limit = 8;

  /// `projects` has to live as long as this.
  explicit Births(const Projects& projects) : projects_(projects) {}

  /// `name` has a number as its version. Times that are none are ignored, and so are older ones
  /// than is known: events come in any order.
  void learn(const SecretName& name, std::string_view created);
  /// The secret may be another one now.
  void forget(const SecretName& name);
  /// What is known of a secret; empty: nothing.
  Versions of(const SecretName& name) const;
  std::size_t size() const { return secrets_.size(); }

 private:
  std::string key(const SecretName& name) const;

  const Projects& projects_;
  std::map<std::string, Versions, std::less<>> secrets_;
  std::deque<std::string> order_;
};

/// What a version is called; without a time, by its number.
std::string version_text(std::string_view number, std::string_view created);
std::string version_text(std::string_view number, const Births::Versions& known);

}  // namespace edsm::cloud::gcp
