#pragma once

#include "cloud/aws/credential_source.hpp"

namespace edsm::cloud::aws {

/// Keys from the environment.
class EnvironmentCredentials final : public CredentialsProvider {
 public:
  explicit EnvironmentCredentials(StaticKeys source) : source_(std::move(source)) {}
  std::string_view name() const override { return "environment"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  StaticKeys source_;
};

/// Keys of a profile, read anew each time.
class ProfileCredentials final : public CredentialsProvider {
 public:
  ProfileCredentials(ProfileKeys source, ReadFile read)
      : source_(std::move(source)), read_(std::move(read)) {}
  std::string_view name() const override { return "profile"; }
  base::Task<base::Result<Credentials>> get() override;

 private:
  base::Result<Credentials> read() const;

  ProfileKeys source_;
  ReadFile read_;
};

}  // namespace edsm::cloud::aws
