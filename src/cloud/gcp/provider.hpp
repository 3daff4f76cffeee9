#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/gcp/version_reader.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

/// Google's Secret Manager. The project of a binding is that of its path, cloudProviderOptions'
/// gcpProjectID, or the controller's own, in this order; its region, for a regional secret, that of
/// the path or cloudProviderOptions.region.
class SecretManagerProvider final : public Provider {
 public:
  /// Makes the client of a location (a region, or "global"); called once for each, on first use.
  using MakeClient = std::function<std::unique_ptr<Client>(const std::string& location)>;

  /// What answers tell goes into `projects` and `births`.
  SecretManagerProvider(std::string default_project, MakeClient make_client, Projects& projects,
                        Births& births, base::Clock& clock, telemetry::Log& log)
      : default_project_(std::move(default_project)),
        make_client_(std::move(make_client)),
        projects_(projects),
        births_(births),
        clock_(clock),
        log_(log) {}

  std::string_view name() const override { return "gcp"; }
  base::Result<Source> resolve(const SecretQuery& query) const override;
  std::vector<std::string> match_keys(const Source& source) const override;
  Place place(const Source& source) const override;
  /// There is no call for several; so many are read side by side.
  std::size_t batch_limit() const override { return 8; }
  base::Task<std::vector<base::Result<Value>>> fetch(std::vector<Source> sources) override;
  base::Task<std::vector<base::Result<std::string>>> versions(std::vector<Source> sources) override;

 private:
  struct Location {
    Location(std::unique_ptr<Client> client, Projects& projects, Births& births,
             VersionReader::Accesses& accesses, base::Clock& clock, telemetry::Log& log)
        : secrets(std::move(client), projects, births),
          versions(secrets, births, accesses, clock, log) {}
    SecretManager secrets;
    VersionReader versions;
  };
  Location& location_of(const SecretName& name);
  base::Task<void> fetch_into(SecretName name, base::Result<Value>& result);

  std::string default_project_;
  MakeClient make_client_;
  Projects& projects_;
  Births& births_;
  base::Clock& clock_;
  telemetry::Log& log_;
  VersionReader::Accesses accesses_;
  std::map<std::string, std::unique_ptr<Location>, std::less<>> locations_;
};

}  // namespace edsm::cloud::gcp
