#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "cloud/azure/authoriser.hpp"
#include "cloud/azure/queue.hpp"
#include "cloud/skew_correction.hpp"

namespace edsm::cloud::azure {

/// A shared access signature for a URI and all below it: the value of an Authorization header.
/// Pure. https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas
base::SecretBytes shared_access_signature(std::string_view uri, const SharedKey& key,
                                          base::WallTime expires);

/// Authorises the calls of one queue by a shared key, for who has no identity in Microsoft Entra.
class SharedAccess final : public Authoriser {
 public:
  /// `uri`: "https://shop.servicebus.windows.net/edsm-events"
  SharedAccess(std::string uri, std::shared_ptr<const SharedKey> key, base::Clock& clock)
      : uri_(std::move(uri)), key_(std::move(key)), clock_(clock) {}
  base::Task<base::Result<Pass>> pass() override;
  /// True if the clock was the reason, and is corrected now.
  base::Result<bool> refused(const Pass& used, const net::Response& answer) override;

 private:
  std::string uri_;
  std::shared_ptr<const SharedKey> key_;
  base::Clock& clock_;
  SkewCorrection skew_;
};

}  // namespace edsm::cloud::azure
