// What a vault says of errors and of who may come in: headers and bodies of its refusals.
#include <algorithm>

#include "cloud/azure/challenge.hpp"
#include "cloud/azure/errors.hpp"
#include "cloud/azure/names.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud::azure;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check_challenge(std::string_view header) {
  const auto challenge = read_challenge(header, "shop-kv.vault.azure.net", public_cloud());
  if (!challenge) {
    must(printable(challenge.error().text), "an error is fit for logs");
    return;
  }
  must(valid_tenant(challenge->tenant), "a tenant is fit for a URL");
  must(challenge->scope.ends_with("/.default"), "a scope is a whole one");
}

}  // namespace

/// The first line is the header, the second the time to wait, the rest the body.
void one_input(std::string_view bytes) {
  Input input(bytes);
  check_challenge(input.take_line());
  net::Response response;
  response.status = 403;
  response.headers.add("Retry-After", input.take_line());
  response.body.append(input.rest());
  const auto error = vault_error(response, "keyvault GetSecret");
  must(error.code.size() <= 64 && !error.code.empty() && printable(error.code),
       "a code is fit for a label");
  must(error.text.size() <= 400 && printable(error.text), "a text is fit for logs");
  must(error.failure == base::Failure::refused, "403 is a refusal, whatever it says");
  must(!error.retry_after ||
           (error.retry_after->count() >= 0 && *error.retry_after <= std::chrono::hours(1)),
       "a wait is bounded");
}

}  // namespace edsm::fuzz
