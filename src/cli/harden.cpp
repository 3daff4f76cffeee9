#include "cli/harden.hpp"

#include <csignal>

#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/wiping_memory.hpp"

namespace edsm::cli {

void harden_process() {
#ifndef EDSM_SANITIZED  // the leak sanitizer attaches to its own process
  ::prctl(PR_SET_DUMPABLE, 0);
#endif
  constexpr rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  base::make_openssl_wipe();
  ::mallopt(M_ARENA_MAX, 1);
  // Large buffers, such as pages of lists, go back at once. Left alone, the C library raises the
  // limit to the largest that was freed, and keeps them.
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace edsm::cli
