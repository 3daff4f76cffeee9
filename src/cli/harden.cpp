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
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace edsm::cli
