#include "cloud/azure/authoriser.hpp"

#include <utility>

namespace edsm::cloud::azure {

Pass bearer(oauth::TokenCache::Shared token) {
  Pass pass;
  if (!token->value.empty()) {
    pass.header.append("Bearer ");
    pass.header.append(token->value.view());
  }
  pass.token = std::move(token);
  return pass;
}

base::Task<base::Result<Pass>> BearerTokens::pass() {
  auto token = co_await tokens_.get();
  if (!token) co_return std::unexpected(std::move(token.error()));
  co_return bearer(std::move(*token));
}

base::Result<bool> BearerTokens::refused(const Pass& used, const net::Response& /*answer*/) {
  return used.token != nullptr && tokens_.reject(used.token);
}

}  // namespace edsm::cloud::azure
