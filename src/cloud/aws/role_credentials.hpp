#pragma once

#include <memory>

#include "cloud/aws/client.hpp"
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

/// A role, assumed with the credentials that `sts` signs with.
class AssumeRoleCredentials final : public CredentialsProvider {
 public:
  AssumeRoleCredentials(RoleRequest role, std::shared_ptr<Client> sts)
      : role_(std::move(role)), sts_(std::move(sts)) {}
  std::string_view name() const override { return "assume-role"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  RoleRequest role_;
  std::shared_ptr<Client> sts_;
};

/// The role of a binding, assumed with the controller's own credentials.
class BindingRoleCredentials final : public CredentialsProvider {
 public:
  /// Of every answer by which STS denies the role.
  static constexpr std::string_view kRefused = "RoleRefused";

  BindingRoleCredentials(RoleRequest role, std::shared_ptr<Client> sts)
      : role_(std::move(role)), sts_(std::move(sts)) {}
  std::string_view name() const override { return "binding-role"; }
  /// Failure::refused, code kRefused, if the role may not be assumed so.
  base::Task<base::Result<Credentials>> get() override;

 private:
  RoleRequest role_;
  std::shared_ptr<Client> sts_;
};

}  // namespace edsm::cloud::aws
