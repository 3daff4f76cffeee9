#pragma once

#include <cstddef>

#include <string.h>

/// The C library's memory functions, but what is given back is wiped. For libraries that let us
/// choose theirs, and for `operator delete`.
namespace edsm::base {

/// Overwrites, also where a compiler sees that nobody reads it any more.
inline void wipe(void* memory, std::size_t size) noexcept {
  ::explicit_bzero(memory, size);
}

void wiping_free(void* memory) noexcept;
/// The same for who knows that only `size` bytes were used.
void wiping_free(void* memory, std::size_t size) noexcept;
/// Never grows in place: what is left behind is wiped.
void* wiping_realloc(void* memory, std::size_t size) noexcept;
/// From now on OpenSSL uses them: buffers of TLS connections hold what was read last. To be called
/// before anything else of OpenSSL; false if that is too late.
bool make_openssl_wipe();

}  // namespace edsm::base
