#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/notify.hpp"
#include "cloud/gcp/auth/metadata_server.hpp"
#include "cloud/gcp/match.hpp"

namespace edsm::cloud::gcp {

/// The project that the controller runs in, for bindings that name none. The metadata server is
/// asked when it is needed first, and once; a failure is told for a while before it is asked again.
class OwnProject {
 public:
  static constexpr base::Duration pause = std::chrono::seconds(10);

  /// What it learns, `projects` learns, too. References outlive it.
  OwnProject(auth::MetadataServer& server, Projects& projects, base::Clock& clock)
      : server_(server), projects_(projects), clock_(clock) {
    projects_.expect_own();
  }
  /// Its ID. An error says what to set instead.
  base::Task<base::Result<std::string>> get();

 private:
  base::Task<base::Result<std::string>> ask();

  auth::MetadataServer& server_;
  Projects& projects_;
  base::Clock& clock_;
  std::string known_;
  base::Error error_;
  base::Instant again_at_ = base::Instant::min();
  std::shared_ptr<base::Gate> flight_;  ///< null: nobody asks just now
};

}  // namespace edsm::cloud::gcp
