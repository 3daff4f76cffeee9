#include "cloud/aws/credential_chain.hpp"

#include "cloud/aws/container_credentials.hpp"
#include "cloud/aws/instance_credentials.hpp"
#include "cloud/aws/role_credentials.hpp"
#include "cloud/aws/static_credentials.hpp"

namespace edsm::cloud::aws {
namespace {

using Made = std::unique_ptr<CredentialsProvider>;

class Maker {
 public:
  explicit Maker(const ProviderDeps& deps) : deps_(deps) {}

  Made operator()(StaticKeys source) {
    return std::make_unique<EnvironmentCredentials>(std::move(source));
  }
  Made operator()(ProfileKeys source) {
    return std::make_unique<ProfileCredentials>(std::move(source), deps_.read_file);
  }
  Made operator()(ProcessSource source) {
    return std::make_unique<ProcessCredentials>(std::move(source.argv), deps_.processes);
  }
  Made operator()(ContainerSource source) {
    return std::make_unique<ContainerCredentials>(std::move(source), deps_.metadata,
                                                  deps_.read_file, deps_.wiring.clock);
  }
  Made operator()(InstanceSource source) {
    return std::make_unique<InstanceCredentials>(std::move(source), deps_.metadata);
  }
  Made operator()(WebIdentitySource source) {
    return std::make_unique<WebIdentityCredentials>(std::move(source), deps_.read_file,
                                                    sts(nullptr));
  }
  Made operator()(std::unique_ptr<AssumeRoleSource> source) {
    const Wiring& wiring = deps_.wiring;
    const auto signing = std::make_shared<Signing>();
    signing->credentials = std::make_unique<CredentialCache>(
        make_provider(std::move(source->base), deps_), wiring.clock, wiring.log, wiring.metrics);
    signing->client = sts(signing->credentials.get());
    RoleRequest role{std::move(source->role_arn), std::move(source->session_name),
                     std::move(source->external_id), source->duration};
    return std::make_unique<AssumeRoleCredentials>(
        std::move(role), std::shared_ptr<Client>(signing, signing->client.get()));
  }

 private:
  /// A client together with the credentials that it signs with.
  struct Signing {
    std::unique_ptr<CredentialCache> credentials;
    std::unique_ptr<Client> client;
  };

  std::unique_ptr<Client> sts(CredentialCache* credentials) const {
    return std::make_unique<Client>(Service::sts, deps_.sts_region, deps_.sts_url, deps_.api,
                                    credentials, deps_.wiring);
  }

  const ProviderDeps& deps_;
};

}  // namespace

std::unique_ptr<CredentialsProvider> make_provider(CredentialSource source,
                                                   const ProviderDeps& deps) {
  return std::visit(Maker(deps), std::move(source));
}

}  // namespace edsm::cloud::aws
