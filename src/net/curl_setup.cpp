#include <cstdlib>
#include <cstring>

#include <curl/curl.h>
#include <malloc.h>
#include <openssl/crypto.h>

#include "net/curl_http.hpp"

namespace edsm::net {
namespace {

// libcurl keeps copies of headers and bodies in its own buffers: they are wiped like ours.

void wiping_free(void* memory) {
  if (memory == nullptr) return;
  OPENSSL_cleanse(memory, malloc_usable_size(memory));
  std::free(memory);
}

void* wiping_realloc(void* memory, std::size_t size) {
  if (memory == nullptr) return std::malloc(size);
  void* const fresh = std::malloc(size);
  if (fresh == nullptr) return nullptr;
  const std::size_t old = malloc_usable_size(memory);
  std::memcpy(fresh, memory, old < size ? old : size);
  wiping_free(memory);
  return fresh;
}

}  // namespace

void curl_global_setup() {
  const CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, &std::malloc, &wiping_free,
                                             &wiping_realloc, &::strdup, &std::calloc);
  if (code != CURLE_OK) std::abort();  // out of memory, or no usable TLS library
}

}  // namespace edsm::net
