#pragma once

#include <memory>

#include "cloud/aws/client.hpp"
#include "cloud/aws/credential_cache.hpp"
#include "cloud/aws/credential_source.hpp"
#include "cloud/aws/sts.hpp"

namespace edsm::cloud::aws {

/// IRSA: a role for the service account's token, which is read anew each time (kubelet rotates it).
class WebIdentityCredentials final : public CredentialsProvider {
 public:
  WebIdentityCredentials(WebIdentitySource source, ReadFile read,
                         std::unique_ptr<Client> unsigned_sts)
      : source_(std::move(source)), read_(std::move(read)), sts_(std::move(unsigned_sts)) {}
  std::string_view name() const override { return "web-identity"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  WebIdentitySource source_;
  ReadFile read_;
  std::unique_ptr<Client> sts_;
};

/// A role, assumed with other credentials, which it holds.
class AssumeRoleCredentials final : public CredentialsProvider {
 public:
  AssumeRoleCredentials(RoleRequest role, std::unique_ptr<CredentialCache> base,
                        std::unique_ptr<Client> sts)
      : role_(std::move(role)), base_(std::move(base)), sts_(std::move(sts)) {}
  std::string_view name() const override { return "assume-role"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  RoleRequest role_;
  std::unique_ptr<CredentialCache> base_;  ///< outlives sts_, which uses it
  std::unique_ptr<Client> sts_;
};

}  // namespace edsm::cloud::aws
