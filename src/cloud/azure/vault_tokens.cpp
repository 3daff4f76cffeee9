#include "cloud/azure/vault_tokens.hpp"

#include <utility>

#include <fmt/format.h>

#include "cloud/text.hpp"

namespace edsm::cloud::azure {

base::Task<base::Result<Pass>> VaultTokens::pass() {
  auto token = co_await tokens_(wanted_.tenant, wanted_.scope).get();
  if (!token) co_return std::unexpected(std::move(token.error()));
  co_return bearer(std::move(*token));
}

base::Result<bool> VaultTokens::refused(const Pass& used, const net::Response& answer) {
  const auto header = answer.headers.find("WWW-Authenticate").value_or("");
  auto& tokens = tokens_(wanted_.tenant, wanted_.scope);
  if (header.empty()) return tokens.reject(used.token);
  auto challenge = read_challenge(header, host_, hosts_);
  if (!challenge) return std::unexpected(std::move(challenge.error()));
  const bool same = same_ignoring_case(challenge->tenant, wanted_.tenant);
  if (same && challenge->scope == wanted_.scope) return tokens.reject(used.token);
  if (fixed_ && !same) {
    if (tokens.reject(used.token)) return true;
    return base::fail(base::Failure::credentials, "WrongTenant",
                      fmt::format("{} refuses tokens of the tenant {} and is of {}; correct or "
                                  "drop spec.cloudProviderOptions.azureTenantID",
                                  host_, wanted_.tenant, challenge->tenant));
  }
  // Another call may have learned of it meanwhile, and this one come with an older token.
  wanted_ = std::move(*challenge);
  return true;
}

}  // namespace edsm::cloud::azure
