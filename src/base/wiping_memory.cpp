#include "base/wiping_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <openssl/crypto.h>

namespace edsm::base {

void wiping_free(void* memory) noexcept {
  if (memory == nullptr) return;
  wipe(memory, malloc_usable_size(memory));
  std::free(memory);
}

void wiping_free(void* memory, std::size_t size) noexcept {
  if (memory == nullptr) return;
  wipe(memory, size);
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t size) noexcept {
  void* const fresh = std::malloc(size);
  if (memory == nullptr || fresh == nullptr) return fresh;
  std::memcpy(fresh, memory, std::min(malloc_usable_size(memory), size));
  wiping_free(memory);
  return fresh;
}

bool make_openssl_wipe() {
  return CRYPTO_set_mem_functions(
             [](std::size_t size, const char*, int) { return std::malloc(size); },
             [](void* memory, std::size_t size, const char*, int) {
               return wiping_realloc(memory, size);
             },
             [](void* memory, const char*, int) { wiping_free(memory); }) == 1;
}

}  // namespace edsm::base
