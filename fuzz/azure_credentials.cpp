// Azure's credentials: the certificate file, which whoever writes a Secret may have made, another
// issuer's token, and answers of Entra and of metadata servers. The first byte chooses.
#include <algorithm>

#include "cloud/azure/auth/certificate.hpp"
#include "cloud/azure/auth/entra_errors.hpp"
#include "cloud/azure/auth/managed_tokens.hpp"
#include "cloud/oauth/jwt.hpp"
#include "support/azure_auth_bench.hpp"
#include "target.hpp"

namespace edsm::fuzz {
namespace {

using namespace cloud;

bool printable(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void check(const base::Error& error) {
  must(!error.text.empty() && error.text.size() < 2000, "errors say something, and not for ever");
  must(!error.code.empty() && error.code.size() <= 64 && printable(error.code),
       "codes are fit for a label");
}

/// "$CERTIFICATE" and "$KEY" stand for what no fuzzer would ever guess.
std::string with_pems(std::string_view text) {
  static const support::ClientCertificate certificate;
  std::string result(text);
  for (const auto& [variable, pem] : {std::pair(std::string("$CERTIFICATE"), certificate.pem()),
                                      std::pair(std::string("$KEY"), certificate.key_pem())}) {
    if (const auto at = result.find(variable); at != std::string::npos)
      result.replace(at, variable.size(), pem);
  }
  return result;
}

void from_certificate(Input input) {
  const auto password = input.take_line();
  const auto certificate = azure::auth::read_certificate(with_pems(input.rest()), password);
  if (!certificate) {
    must(certificate.error().failure == base::Failure::invalid, "it waits for another file");
    return check(certificate.error());
  }
  must(certificate->thumbprint.size() == 20, "a thumbprint is SHA-1");
  must(oauth::check_private_key(certificate->private_key.view()).has_value(), "its key signs");
}

void from_refusal(Input input) {
  net::Response response;
  response.status = 400 + static_cast<int>(input.take_byte());
  response.body.append(input.rest());
  const azure::auth::Asked asked{"https://login.microsoftonline.com/t/oauth2/v2.0/token", "t", "c",
                                 "https://vault.azure.net/.default"};
  const auto error = azure::auth::entra_error(response, asked);
  check(error);
  must(printable(error.text), "it can stand in a log line");
}

void from_machine(Input input) {
  azure::test::AuthBench bench;
  const int status = 200 + static_cast<int>(input.take_byte());
  for (int i = 0; i < 10; ++i) bench.metadata.reply(status, input.rest());
  const auto settings = bench.load();
  azure::auth::ManagedTokens tokens(std::get<azure::auth::ManagedSource>(settings->source),
                                    std::string(azure::test::vault_scope), bench.metadata,
                                    bench.clock);
  const auto token = support::run(tokens.get());
  if (!token) return check(token.error());
  must(token->expires && *token->expires <= bench.clock.wall() + std::chrono::hours(24),
       "it expires in foreseeable time");
}

}  // namespace

void one_input(std::string_view bytes) {
  Input input(bytes);
  switch (input.take_byte() % 4) {
    case 0:
      return from_certificate(input);
    case 1:
      return from_refusal(input);
    case 2:
      return from_machine(input);
    default:
      const auto text = azure::auth::described(input.rest());
      must(text.size() < 1000 && printable(text), "claims can stand in a log line");
  }
}

}  // namespace edsm::fuzz
