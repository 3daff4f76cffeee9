#include "base/process_runner.hpp"

#include <cerrno>
#include <cstdlib>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/system_clock.hpp"
#include "support/run.hpp"
#include "support/scratch_folder.hpp"

namespace edsm::base {
namespace {

class ProcessRunnerTest : public ::testing::Test {
 protected:
  Result<SecretBytes> run(const std::string& script) {
    command.program = "/bin/sh";
    command.args = {"-c", script};
    return support::run(runner.run(std::move(command)));
  }
  std::string failure(const std::string& script) {
    const auto result = run(script);
    return result ? "no failure" : result.error().text;
  }

  SystemClock clock;
  SpawningRunner runner{clock};
  Command command;
};

TEST_F(ProcessRunnerTest, ArgumentsAndEnvironment) {
  const support::ScratchFolder folder;
  const std::string plugin = folder.write(
      "plugin", "#!/bin/sh\nread line && exit 9\nprintf '%s %s %s' \"$1\" \"$INFO\" \"$HOME\"\n");
  std::filesystem::permissions(plugin, std::filesystem::perms::owner_all);
  ::setenv("HOME", "/replaced", 1);
  command.program = plugin;
  command.args = {"a b"};
  command.env = {{"INFO", "{\"x\":1}"}, {"HOME", "/own"}};
  const auto result = support::run(runner.run(std::move(command)));
  ASSERT_TRUE(result) << result.error().text;
  EXPECT_EQ(result->view(), "a b {\"x\":1} /own");
}

TEST_F(ProcessRunnerTest, LongOutput) {
  const auto result = run("i=0; while [ $i -lt 20000 ]; do echo 0123456789; i=$((i+1)); done");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->size(), 220000U);
}

TEST_F(ProcessRunnerTest, ItHasNoDescriptorsOfOurs) {
  command.quiet = true;
  const auto result = run("echo hunter2 >&2; cat; ls /proc/self/fd | wc -l");
  ASSERT_TRUE(result);
  EXPECT_EQ(result->view(), "4\n") << "the three, and what ls opened to look";
}

TEST_F(ProcessRunnerTest, Failures) {
  EXPECT_TRUE(failure("echo hunter2; exit 3").contains("exited with 3"));
  EXPECT_FALSE(failure("echo hunter2; exit 3").contains("hunter2"));
  EXPECT_TRUE(failure("kill -9 $$").contains("killed by signal 9"));
  command.output_limit = 100;
  EXPECT_TRUE(failure("exec cat /dev/zero").contains("more than 100 bytes"));
}

TEST_F(ProcessRunnerTest, MissingProgram) {
  command.program = "/none/such";
  const auto result = support::run(runner.run(std::move(command)));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().failure, Failure::credentials);
  EXPECT_TRUE(result.error().text.contains("cannot be started: No such file"))
      << result.error().text;
  EXPECT_EQ(result.error().code, "ProcessNotStarted");
}

/// Whether a process that is not our child ends; awaited, since a killed one may take a moment.
bool ends(pid_t pid) {
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (pidfd < 0) return errno == ESRCH;
  pollfd watched{.fd = pidfd, .events = POLLIN, .revents = 0};
  const int ended = ::poll(&watched, 1, 10'000);
  ::close(pidfd);
  return ended == 1;
}

TEST_F(ProcessRunnerTest, OverdueOnesAreKilledWithTheirChildren) {
  const support::ScratchFolder folder;
  const std::string pid_file = folder.path("pid");
  command.time_limit = std::chrono::milliseconds(300);
  const std::string said = failure("sleep 1000 & echo $! >" + pid_file + "; wait");
  EXPECT_TRUE(said.contains("did not end within 1 s")) << said;
  pid_t pid = 0;
  std::ifstream(pid_file) >> pid;
  ASSERT_GT(pid, 0);
  EXPECT_TRUE(ends(pid));
}

}  // namespace
}  // namespace edsm::base
