#include "cloud/gcp/own_project.hpp"

#include <utility>

namespace edsm::cloud::gcp {

base::Task<base::Result<std::string>> OwnProject::get() {
  for (;;) {
    if (!known_.empty()) co_return known_;
    if (clock_.now() < again_at_) co_return std::unexpected(error_);
    if (flight_ == nullptr) {
      auto answer = co_await ask();
      co_return answer;
    }
    const auto flight = flight_;
    co_await flight->wait();
  }
}

base::Task<base::Result<std::string>> OwnProject::ask() {
  // Opened also when this coroutine is cancelled: then it is the turn of one who waits.
  struct Landing {
    OwnProject& project;
    std::shared_ptr<base::Gate> flight;
    ~Landing() {
      project.flight_.reset();
      flight->open();
    }
  };
  const auto flight = std::make_shared<base::Gate>();
  flight_ = flight;
  const Landing landing{*this, flight};

  auto id = co_await server_.project_id();
  if (id && !valid_project(*id)) {
    id = base::fail(base::Failure::credentials, "MetadataServer", "its answer is no project");
  }
  if (!id) {
    error_ = std::move(id.error());
    error_.text =
        "no project: set spec.cloudProviderOptions.gcpProjectID, or GOOGLE_CLOUD_PROJECT where "
        "`edsm run` starts; the metadata server does not tell it: " +
        error_.text;
    again_at_ = clock_.now() + pause;
    co_return std::unexpected(error_);
  }
  known_ = std::move(*id);
  projects_.own_is(known_);
  co_return known_;
}

}  // namespace edsm::cloud::gcp
