#include <cstdlib>
#include <cstring>

#include <curl/curl.h>

#include "base/wiping_memory.hpp"
#include "net/curl_http.hpp"

namespace edsm::net {

void curl_global_setup() {
  // libcurl keeps copies of headers and bodies in its own buffers: they are wiped like ours.
  const CURLcode code = curl_global_init_mem(CURL_GLOBAL_DEFAULT, &std::malloc, &base::wiping_free,
                                             &base::wiping_realloc, &::strdup, &std::calloc);
  if (code != CURLE_OK) std::abort();  // out of memory, or no usable TLS library
}

}  // namespace edsm::net
