#include "cloud/azure/shared_access.hpp"

#include <fmt/format.h>

#include "base/crypto.hpp"
#include "base/time.hpp"
#include "cloud/text.hpp"
#include "net/url.hpp"

namespace edsm::cloud::azure {
namespace {

/// Longer than any poll; each call has a signature of its own.
constexpr base::Duration lifetime = std::chrono::hours(1);

}  // namespace

base::SecretBytes shared_access_signature(std::string_view uri, const SharedKey& key,
                                          base::WallTime expires) {
  const std::string resource = net::percent_encode(lower(uri));
  const auto seconds =
      std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
  const auto digest = base::hmac_sha256(key.key.view(), fmt::format("{}\n{}", resource, seconds));
  const std::string signature =
      base::base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
  base::SecretBytes header;
  header.append(fmt::format("SharedAccessSignature sr={}&sig={}&se={}&skn={}", resource,
                            net::percent_encode(signature), seconds,
                            net::percent_encode(key.name)));
  return header;
}

base::Task<base::Result<Pass>> SharedAccess::pass() {
  Pass pass;
  pass.header = shared_access_signature(uri_, *key_, clock_.wall() + skew_.offset() + lifetime);
  co_return pass;
}

base::Result<bool> SharedAccess::refused(const Pass& /*used*/, const net::Response& answer) {
  const auto date = base::parse_http_date(answer.headers.find("Date").value_or(""));
  return date && skew_.learn(*date, clock_.wall());
}

}  // namespace edsm::cloud::azure
