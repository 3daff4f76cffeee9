#include "base/free_memory.hpp"

#include <cstddef>
#include <cstdlib>
#include <system_error>
#include <thread>
#include <vector>

#include <malloc.h>

namespace edsm::base {
namespace {

/// For each thread glibc keeps up to seven freed blocks of each small size, wherever they lie, so
/// that hundreds of pages may stay because of one small block (malloc(3), tcache). It gives them up
/// only when the thread ends: so another thread frees them and ends.
void empty_the_cache_of_this_thread() {
  constexpr std::size_t least = 24;
  constexpr std::size_t most = 1032;
  constexpr std::size_t step = 16;
  constexpr std::size_t of_each = 7;
  std::vector<void*> blocks;
  blocks.reserve(((most - least) / step + 1) * of_each);
  for (std::size_t size = least; size <= most; size += step) {
    for (std::size_t i = 0; i < of_each; ++i) blocks.push_back(std::malloc(size));
  }
  const auto free_all = [&blocks] {
    for (void* const block : blocks) std::free(block);
  };
  try {
    std::thread(free_all).join();
  } catch (const std::system_error&) {
    free_all();  // there is no thread to be had: nothing is won
  }
}

}  // namespace

void give_free_memory_back() {
  empty_the_cache_of_this_thread();
  ::malloc_trim(0);
}

}  // namespace edsm::base
