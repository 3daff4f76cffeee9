#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cloud/aws/credential_source.hpp"
#include "net/http.hpp"

namespace edsm::cloud::aws {

/// Credentials are fetched in the clear from the machine itself only: https anywhere, http to
/// loopback and AWS's link-local addresses. Failure::invalid, code "ForbiddenEndpoint".
base::Result<> check_container_url(std::string_view url);

/// ECS task roles and EKS Pod Identity.
class ContainerCredentials final : public CredentialsProvider {
 public:
  ContainerCredentials(ContainerSource source, net::Http& http, ReadFile read, base::Clock& clock)
      : source_(std::move(source)), http_(http), read_(std::move(read)), clock_(clock) {}
  std::string_view name() const override { return "container"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  base::Result<base::SecretBytes> token() const;

  ContainerSource source_;
  net::Http& http_;
  ReadFile read_;
  base::Clock& clock_;
};

}  // namespace edsm::cloud::aws
