#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/aws/value_reader.hpp"
#include "cloud/aws/version_reader.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::aws {

/// AWS Secrets Manager. The region of a binding is cloudProviderOptions.region, that of its ARN, or
/// the controller's own (AWS_REGION), in this order; the first two must agree.
class SecretsManagerProvider final : public Provider {
 public:
  /// Makes the client of a region; called once per region, on first use.
  using MakeClient =
      std::function<base::Result<std::unique_ptr<Client>>(const std::string& region)>;

  SecretsManagerProvider(std::string default_region, MakeClient make_client, base::Clock& clock,
                         telemetry::Log& log)
      : default_region_(std::move(default_region)),
        make_client_(std::move(make_client)),
        clock_(clock),
        log_(log) {}

  std::string_view name() const override { return "aws"; }
  base::Result<Source> resolve(const SecretQuery& query) const override;
  std::vector<std::string> match_keys(const Source& source) const override;
  Place place(const Source& source) const override;
  std::size_t batch_limit() const override { return SecretsManager::batch_limit; }
  base::Task<std::vector<base::Result<Value>>> fetch(std::vector<Source> sources) override;
  base::Task<std::vector<base::Result<std::string>>> versions(std::vector<Source> sources) override;

 private:
  struct Region {
    Region(std::unique_ptr<Client> client, base::Clock& clock, telemetry::Log& log)
        : secrets(std::move(client)), values(secrets, clock, log), versions(secrets, log) {}
    SecretsManager secrets;
    ValueReader values;
    VersionReader versions;
  };
  base::Result<Region*> region_of(const std::vector<Source>& sources);

  std::string default_region_;
  MakeClient make_client_;
  base::Clock& clock_;
  telemetry::Log& log_;
  std::map<std::string, std::unique_ptr<Region>, std::less<>> regions_;
};

}  // namespace edsm::cloud::aws
