// Certificates and keys, divided by a NUL.
#include "kube/pem.hpp"

#include <openssl/err.h>

#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  Input input(bytes);
  const auto first = input.take_until('\0');
  const bool match = kube::pair_matches(first, input.rest());
  must(kube::pair_matches(first, input.rest()) == match,
       "an answer does not depend on the last one");
  const bool holds = kube::holds_certificates(first);
  must(kube::holds_certificates(first) == holds, "an answer does not depend on the last one");
  must(!holds || first.contains("-----BEGIN "), "certificates are armoured");
  must(ERR_peek_error() == 0, "no error is left for others to find");
}

}  // namespace edsm::fuzz
