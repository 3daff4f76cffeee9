// What an exec credential plugin printed.
#include "kube/exec_credential.hpp"

#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  const auto credential = kube::parse_exec_credential(bytes, "client.authentication.k8s.io/v1");
  if (!credential) {
    must(credential.error().text.size() < 200, "errors do not quote what was printed");
    return;
  }
  must(!credential->token.empty() || !credential->cert_pem.empty(), "it identifies somebody");
  must(credential->cert_pem.empty() == credential->key_pem.empty(), "a certificate has its key");
}

}  // namespace edsm::fuzz
