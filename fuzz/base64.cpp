// Base64, in both directions.
#include "base/crypto.hpp"
#include "target.hpp"

namespace edsm::fuzz {

void one_input(std::string_view bytes) {
  const auto decoded = base::base64_decode(bytes);
  if (decoded) must(base::base64(decoded->view()) == bytes, "only canonical base64 is taken");
  const auto again = base::base64_decode(base::base64(bytes));
  must(again && again->view() == bytes, "encoding can be undone");
}

}  // namespace edsm::fuzz
