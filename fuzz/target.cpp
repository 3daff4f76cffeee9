#include "target.hpp"

#include <cstdio>
#include <cstdlib>

namespace edsm::fuzz {

void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace edsm::fuzz

/// What libFuzzer calls.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  edsm::fuzz::one_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
