#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cloud/gcp/auth/token_source.hpp"
#include "cloud/oauth/token.hpp"
#include "net/http.hpp"

namespace edsm::cloud::gcp::auth {

/// The metadata server of a Google machine. On GKE it speaks for the pod's Kubernetes service
/// account (Workload Identity), and is not there in a pod's first seconds: a few short retries.
class MetadataServer final : public oauth::TokenProvider {
 public:
  /// `http` goes straight to it, without any proxy.
  MetadataServer(MetadataSource source, net::Http& http, base::Clock& clock)
      : source_(std::move(source)), http_(http), clock_(clock) {}
  std::string_view name() const override { return "metadata-server"; }
  base::Task<base::Result<oauth::Token>> get() override;

  /// "my-project": the project of the machine or cluster.
  base::Task<base::Result<std::string>> project_id();
  /// "827585297303": the same in the form that events and answers carry.
  base::Task<base::Result<std::string>> project_number();
  /// Whose tokens it gives: the e-mail address of a service account; on GKE, where none is bound to
  /// the Kubernetes service account, the name of the workload identity pool ("shop.svc.id.goog").
  base::Task<base::Result<std::string>> email();

 private:
  base::Task<base::Result<net::Response>> ask(std::string path);
  base::Task<base::Result<std::string>> word(std::string path, std::string_view what);

  MetadataSource source_;
  net::Http& http_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::gcp::auth
