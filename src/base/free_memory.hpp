#pragma once

namespace edsm::base {

/// Gives the system what is free and the C library keeps: worth its pass over the heap after much
/// work at once, the memory of which lies between what stays. For the thread that did the work.
void give_free_memory_back();

}  // namespace edsm::base
