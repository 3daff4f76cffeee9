#include "cli/harden.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>

namespace edsm::cli {
namespace {

TEST(Harden, NoCoreDumpNeitherToAFileNorToAProgram) {
  harden_process();
  rlimit limit{1, 1};
  ASSERT_EQ(::getrlimit(RLIMIT_CORE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, 0U);
  EXPECT_EQ(limit.rlim_max, 0U);
#ifndef EDSM_SANITIZED
  // A limit of 0 does not keep the kernel from piping a dump to a program; this does.
  EXPECT_EQ(::prctl(PR_GET_DUMPABLE), 0);
#endif
}

}  // namespace
}  // namespace edsm::cli
