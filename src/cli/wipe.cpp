// Every object that is freed is wiped first, so that a secret value that passed through a string or
// a container of some library does not stay behind in free memory. It costs some 5 % of
// the processor time of a crowd of changes.

#ifndef EDSM_SANITIZED  // sanitizers bring their own

#include <new>

#include "base/wiping_memory.hpp"

using edsm::base::wiping_free;

void operator delete(void* memory) noexcept {
  wiping_free(memory);
}
void operator delete[](void* memory) noexcept {
  wiping_free(memory);
}
void operator delete(void* memory, std::size_t size) noexcept {
  wiping_free(memory, size);
}
void operator delete[](void* memory, std::size_t size) noexcept {
  wiping_free(memory, size);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  wiping_free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  wiping_free(memory);
}
void operator delete(void* memory, std::size_t size, std::align_val_t) noexcept {
  wiping_free(memory, size);
}
void operator delete[](void* memory, std::size_t size, std::align_val_t) noexcept {
  wiping_free(memory, size);
}

#endif
