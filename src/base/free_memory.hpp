#pragma once

#include <malloc.h>

namespace edsm::base {

/// Gives the system what is free and the C library keeps: worth its pass over the heap after much
/// work at once, the memory of which lies between what stays.
inline void give_free_memory_back() {
  ::malloc_trim(0);
}

}  // namespace edsm::base
