#pragma once

#include "cloud/aws/credential_source.hpp"
#include "net/http.hpp"

namespace edsm::cloud::aws {

/// The role of the EC2 instance, from its metadata service, version 2 only.
class InstanceCredentials final : public CredentialsProvider {
 public:
  InstanceCredentials(InstanceSource source, net::Http& http)
      : source_(std::move(source)), http_(http) {}
  std::string_view name() const override { return "instance"; }
  base::Task<base::Result<Credentials>> get() override;
  /// Where the instance runs: "eu-west-1".
  base::Task<base::Result<std::string>> region();

 private:
  base::Task<base::Result<base::SecretBytes>> session();
  base::Task<base::Result<net::Response>> send(net::Method method, std::string path,
                                               base::SecretBytes token);

  InstanceSource source_;
  net::Http& http_;
};

}  // namespace edsm::cloud::aws
