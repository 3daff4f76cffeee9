#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cloud/gcp/own_project.hpp"
#include "cloud/gcp/version_reader.hpp"
#include "cloud/provider.hpp"

namespace edsm::cloud::gcp {

/// Google's Secret Manager. The project of a binding is that of its path, cloudProviderOptions'
/// gcpProjectID, or the controller's own, in this order; its region, for a regional secret, that of
/// the path or cloudProviderOptions.region.
///
/// Where nothing names a project, a source stands below "gcp/-", and which one that is is asked for
/// when it is read first.
class SecretManagerProvider final : public Provider {
 public:
  /// Makes the client of a location (a region, or "global"); called once for each, on first use.
  using MakeClient = std::function<std::unique_ptr<Client>(const std::string& location)>;

  /// What answers tell goes into `projects` and `births`. `own` is asked where there is no default
  /// project; null: nobody can be.
  SecretManagerProvider(std::string default_project, MakeClient make_client, Projects& projects,
                        Births& births, base::Clock& clock, telemetry::Log& log,
                        OwnProject* own = nullptr)
      : default_project_(std::move(default_project)),
        make_client_(std::move(make_client)),
        projects_(projects),
        births_(births),
        clock_(clock),
        log_(log),
        own_(own) {}
  /// From now on no value is read to learn a version: who may not read metadata is told so.
  void read_no_values() { reads_values_ = false; }

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
             VersionReader::Accesses& accesses, base::Clock& clock, telemetry::Log& log,
             bool reads_values)
        : secrets(std::move(client), projects, births),
          versions(secrets, births, accesses, clock, log, reads_values) {}
    SecretManager secrets;
    VersionReader versions;
  };
  Location& location_of(const SecretName& name);
  base::Task<base::Result<std::vector<SecretName>>> names_for(const std::vector<Source>& sources);
  base::Task<void> fetch_into(SecretName name, base::Result<Value>& result);

  std::string default_project_;
  MakeClient make_client_;
  Projects& projects_;
  Births& births_;
  base::Clock& clock_;
  telemetry::Log& log_;
  OwnProject* own_;
  bool reads_values_ = true;
  VersionReader::Accesses accesses_;
  std::map<std::string, std::unique_ptr<Location>, std::less<>> locations_;
};

/// What a source of this provider was made of; the project may be `own_project`.
SecretName name_of(const Source& source);

}  // namespace edsm::cloud::gcp
