#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/task.hpp"
#include "sync/shared.hpp"

namespace edsm::sync {

/// The periodic cheap comparison of version ids that finds what events missed. It never writes:
/// what differs is re-read through the normal path.
class Sweep {
 public:
  /// Of the bindings of one provider, so that none waits for another one; nullptr: of all.
  explicit Sweep(Shared& shared, const cloud::Provider* provider = nullptr)
      : shared_(shared), provider_(provider) {}
  /// At start, and then every `resync_interval` with up to a tenth of jitter. Until cancelled.
  base::Task<void> run();

 private:
  /// What is asked in one call of the provider, and what came of it.
  struct Scope {
    cloud::Provider* provider = nullptr;
    std::string place;  ///< its cloud and region: what is told of scopes is told of their place
    std::map<base::Text, cloud::Source> sources;  ///< by id: each once
    std::size_t compared = 0;
    std::int64_t differing = 0;
    std::size_t errors = 0;
  };

  base::Task<void> sweep();
  bool takes_part(const BindingState& state) const;
  std::vector<Scope> scopes() const;
  base::Task<void> compare(Scope& scope);
  /// A version, or why there is none.
  void judge(Scope& scope, const base::Text& source_id, const base::Result<std::string>& version);
  void report(const std::vector<Scope>& scopes, base::Duration took) const;

  Shared& shared_;
  const cloud::Provider* provider_;
};

}  // namespace edsm::sync
