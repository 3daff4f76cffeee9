#include "cloud/azure/validity.hpp"

#include <chrono>

#include <fmt/format.h>

namespace edsm::cloud::azure {

Validity validity(const Attributes& attributes, base::WallTime now) {
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (attributes.expires && *attributes.expires <= seconds) return Validity::expired;
  if (attributes.not_before && *attributes.not_before > seconds) return Validity::not_yet;
  return Validity::valid;
}

void ValidityNotes::note(const SecretName& name, const Reading& reading) {
  const auto found = validity(reading.attributes, clock_.wall());
  if (found == Validity::valid) return;
  if (said_.size() >= limit) said_.clear();
  const bool expired = found == Validity::expired;
  auto key = fmt::format("{}/{}/{}/{}", name.vault, name.secret, reading.value.version, expired);
  if (!said_.insert(std::move(key)).second) return;
  log_.warn(expired ? "a secret has expired, and is synced all the same; renew it"
                    : "a secret is not valid yet, and is synced all the same",
            {{"vault", name.vault}, {"secret", name.secret}, {"version", reading.value.version}});
}

}  // namespace edsm::cloud::azure
